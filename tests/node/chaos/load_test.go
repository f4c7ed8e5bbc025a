package chaos

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOutcomeIsOnlyAsCertainAsTheAnswer(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		outcome Outcome
	}{
		"success":                   {answerWith(`{"result":{"success":true}}`), Acknowledged},
		"error of the chain":        {answerWith(`{"error":{"code":-32603,"message":"mempool full"}}`), Refused},
		"nobody listens":            {nil, Refused},
		"error of the node":         {http.NotFound, Unknown},
		"success without a success": {answerWith(`{"result":{}}`), Unknown},
		"half an answer":            {answerWith(`{"result":{"succ`), Unknown},
		"no answer in time":         {neverAnswer, Unknown},
		"connection breaks":         {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			url := closed.URL
			if c.answer != nil {
				server := httptest.NewServer(c.answer)
				defer server.Close()
				url = server.URL
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.Equal(t, c.outcome, outcomeOf(newDoor(0, url).client.ProposeBlock(ctx, []byte("a"))))
		})
	}
}

func neverAnswer(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client is gone
	<-r.Context().Done()
}

func answerWith(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}
