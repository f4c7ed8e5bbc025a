package chaos

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func ask(t *testing.T, url string) <-chan string {
	answers := make(chan string, 1)
	go func() {
		response, err := http.Get(url)
		if err != nil {
			answers <- err.Error()
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			answers <- err.Error()
			return
		}
		answers <- string(body)
	}()
	return answers
}

func TestRequestsBetweenTwoLivesWaitForTheNext(t *testing.T) {
	g := newGate()
	server := httptest.NewServer(g)
	defer server.Close()
	answer := ask(t, server.URL)
	g.open(t.Context(), answerWith("one"))
	require.Equal(t, "one", <-answer)
	g.shut()
	answer = ask(t, server.URL)
	g.open(t.Context(), answerWith("two"))
	require.Equal(t, "two", <-answer)
}

func TestRequestsEndWithTheLifeTheyAreIn(t *testing.T) {
	g := newGate()
	server := httptest.NewServer(g)
	defer server.Close()
	life, end := context.WithCancel(t.Context())
	begun := make(chan struct{})
	g.open(life, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		http.Error(w, "killed", http.StatusInternalServerError)
	}))
	answer := ask(t, server.URL)
	<-begun
	end()
	require.Equal(t, "killed\n", <-answer)
}

func TestNobodyWaitsAtAClosedGate(t *testing.T) {
	g := newGate()
	server := httptest.NewServer(g)
	defer server.Close()
	answer := ask(t, server.URL)
	g.close()
	require.Equal(t, "the run is over\n", <-answer)
}
