package releases

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"
)

const (
	ping = `{"jsonrpc":"2.0","id":1,"method":"timestampvm.ping","params":[]}`
	pong = `{"jsonrpc":"2.0","result":{"success":true},"id":1}`
)

// client speaks the chain's JSON-RPC through the server that stands for the node's.
type client struct {
	url string
}

func newClient(server *httptest.Server, chainID ids.ID) client {
	return client{url: server.URL + "/ext/bc/" + chainID.String() + "/rpc"}
}

func (c client) propose(t *testing.T, data string) {
	t.Helper()
	params := fmt.Sprintf(`{"data":"%s"}`, base64.StdEncoding.EncodeToString([]byte(data)))
	require.JSONEq(t, `{"success":true}`, c.call(t, "proposeBlock", params))
}

// shownSoon is how long the disk of a busy machine may take to sync a block, which the chain's users see then.
const shownSoon = 30 * time.Second

// requireShown requires that the chain's users see the block with the data as the last accepted one, soon.
func (c client) requireShown(t *testing.T, id ids.ID, height uint64, data string) {
	t.Helper()
	last := fmt.Sprintf(`{"id":"%s"}`, id)
	for deadline := time.Now().Add(shownSoon); c.call(t, "lastAccepted", "") != last && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	require.JSONEq(t, last, c.call(t, "lastAccepted", ""))
	var shown struct {
		Block struct {
			Height uint64
			Data   string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(c.call(t, "getBlock", fmt.Sprintf(`{"id":"%s"}`, id))), &shown))
	require.Equal(t, height, shown.Block.Height)
	require.Equal(t, fmt.Sprintf("0x%x", data), shown.Block.Data)
}

// call returns the result of a method of the chain.
func (c client) call(t *testing.T, method, params string) string {
	t.Helper()
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"timestampvm.%s","params":[%s]}`, method, params)
	status, answer := c.post(t, body)
	require.Equal(t, http.StatusOK, status, answer)
	var reply struct{ Result json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(answer), &reply), answer)
	require.NotEmpty(t, reply.Result, answer)
	return string(reply.Result)
}

func (c client) post(t *testing.T, body string) (int, string) {
	t.Helper()
	return do(t, http.DefaultClient, c.request(t, http.MethodPost, body))
}

func (c client) request(t *testing.T, method, body string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.url, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	return request
}

func do(t *testing.T, client *http.Client, request *http.Request) (int, string) {
	t.Helper()
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, strings.TrimSpace(string(body))
}
