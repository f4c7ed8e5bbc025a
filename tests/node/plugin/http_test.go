package plugin

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

const ping = `{"jsonrpc":"2.0","id":1,"method":"timestampvm.ping","params":[]}`

func TestFourMethodsAnswer(t *testing.T) {
	c := open(t, options{})
	ctx := t.Context()
	require.NoError(t, c.Ping(ctx))
	genesisID, err := c.LastAccepted(ctx)
	require.NoError(t, err)
	genesis, err := c.Block(ctx, genesisID)
	require.NoError(t, err)
	require.Equal(t, client.Block{ParentID: ids.Empty, Data: []byte(genesisData)}, genesis)

	accepted := c.stamp(t, "one")
	id, err := c.LastAccepted(ctx)
	require.NoError(t, err)
	require.Equal(t, accepted.ID(), id)
}

func TestUnknownBlockIsNotFound(t *testing.T) {
	c := open(t, options{})
	_, err := c.Block(t.Context(), ids.GenerateTestID())
	var refusal *client.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, -32603, refusal.Code)
	require.Equal(t, "not found", refusal.Message)
}

func TestDataLimitIsExact(t *testing.T) {
	const limit = 1_000_000
	c := open(t, options{})
	err := c.ProposeBlock(t.Context(), make([]byte, limit+1))
	require.ErrorContains(t, err, fmt.Sprintf("data %d-byte exceeds the limit %d-byte", limit+1, limit))

	largest := strings.Repeat("x", limit)
	accepted := c.stamp(t, largest)
	shown, err := c.Block(t.Context(), accepted.ID())
	require.NoError(t, err)
	require.Equal(t, largest, string(shown.Data))
}

func TestEmptyDataIsData(t *testing.T) {
	c := open(t, options{})
	accepted := c.stamp(t, "")
	shown, err := c.Block(t.Context(), accepted.ID())
	require.NoError(t, err)
	require.Empty(t, shown.Data)
}

func TestRequestsThatAreNoCallsAreRefused(t *testing.T) {
	c := open(t, options{})
	for _, row := range []struct {
		name, method, contentType string
		body                      io.Reader
		status                    int
	}{
		{"GET", http.MethodGet, "application/json", nil, http.StatusMethodNotAllowed},
		{"PUT", http.MethodPut, "application/json", strings.NewReader(ping), http.StatusMethodNotAllowed},
		{"plain text", http.MethodPost, "text/plain", strings.NewReader(ping), http.StatusUnsupportedMediaType},
		{"no content type", http.MethodPost, "", strings.NewReader(ping), http.StatusUnsupportedMediaType},
		{"5 MiB", http.MethodPost, "application/json", bytes.NewReader(make([]byte, 5<<20)), http.StatusRequestEntityTooLarge},
		{"16 MiB", http.MethodPost, "application/json", bytes.NewReader(make([]byte, 16<<20)), http.StatusRequestEntityTooLarge},
	} {
		t.Run(row.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), row.method, c.URL, row.body)
			require.NoError(t, err)
			if row.contentType != "" {
				request.Header.Set("Content-Type", row.contentType)
			}
			response := c.post(t, request)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, row.status, response.StatusCode, "%s", body)
		})
	}
	require.NoError(t, c.Ping(t.Context()))
}

// The node sets headers before it passes a request on, and then keeps only those that come back.
func TestHeadersOfTheNodeAreKept(t *testing.T) {
	c := open(t, options{})
	inner := c.server.Config.Handler
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Node-Id", "the node")
		w.Header().Add("Vary", "Origin")
		inner.ServeHTTP(w, r)
	}))
	defer outer.Close()

	response := c.post(t, call(t, c.urlOn(outer)))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "the node", response.Header.Get("Node-Id"))
	require.Equal(t, "Origin", response.Header.Get("Vary"))
	require.Len(t, response.Header.Values("Content-Type"), 1)
	require.True(t, strings.HasPrefix(response.Header.Get("Content-Type"), "application/json"))
	requirePong(t, response)
}

// A node serves this handler to requests with a header that names the chain, whatever their path.
func TestRequestsByHeaderAnswerLikeThoseByPath(t *testing.T) {
	c := open(t, options{})
	handler, err := c.vm.NewHTTPHandler(t.Context())
	require.NoError(t, err)
	require.NotNil(t, handler)
	server := httptest.NewServer(handler)
	defer server.Close()
	require.NoError(t, client.New(server.URL+"/rpc").Ping(t.Context()))
}

// The node passes these through another call than plain requests.
func TestUpgradeRequestsAnswerLikePlainOnes(t *testing.T) {
	c := open(t, options{})
	request := call(t, c.URL)
	request.Header.Set("Upgrade", "h2c")
	response := c.post(t, request)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, []string{"application/json"}, contentTypes(response))
	requirePong(t, response)
}

func TestWebSocketsAreRefusedAndNothingElseHappens(t *testing.T) {
	c := open(t, options{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL, nil)
	require.NoError(t, err)
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", "websocket")
	request.Header.Set("Sec-WebSocket-Version", "13")
	request.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	require.GreaterOrEqual(t, c.post(t, request).StatusCode, 400)
	require.NoError(t, c.Ping(t.Context()))
}

func TestHTTP2RequestsAnswerLikePlainOnes(t *testing.T) {
	c := open(t, options{})
	server := httptest.NewServer(h2c.NewHandler(c.server.Config.Handler, &http2.Server{}))
	defer server.Close()
	http2Only := client.Client{URL: c.urlOn(server), HTTP: &http.Client{Transport: priorKnowledge()}}

	require.NoError(t, http2Only.Ping(t.Context()))
	require.NoError(t, http2Only.ProposeBlock(t.Context(), bytes.Repeat([]byte("long "), 100_000)))
	c.accept(t, c.build(t))
	id, err := http2Only.LastAccepted(t.Context())
	require.NoError(t, err)
	shown, err := http2Only.Block(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, shown.Data, 500_000)

	request := call(t, c.urlOn(server))
	request.Method = http.MethodGet
	response, err := http2Only.HTTP.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
}

func TestManyCallsAtOnceWhileBlocksAreDecided(t *testing.T) {
	c := open(t, options{})
	ctx, cancel := context.WithCancel(t.Context())
	var (
		callers sync.WaitGroup
		errs    = make(chan error, 1000)
	)
	for range 64 {
		callers.Go(func() {
			for ctx.Err() == nil {
				id, err := c.LastAccepted(t.Context())
				if err == nil {
					_, err = c.Block(t.Context(), id)
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	for i := range 50 {
		c.stamp(t, numbered(i))
	}
	cancel()
	callers.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	require.Len(t, c.requireWhole(t), 51)
}

func call(t *testing.T, url string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(ping))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	return request
}

func requirePong(t *testing.T, response *http.Response) {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, `{"jsonrpc":"2.0","result":{"success":true},"id":1}`, strings.TrimSpace(string(body)))
}

func contentTypes(response *http.Response) []string {
	var types []string
	for _, value := range response.Header.Values("Content-Type") {
		kind, _, _ := strings.Cut(value, ";")
		types = append(types, strings.TrimSpace(kind))
	}
	return types
}

// priorKnowledge speaks HTTP/2 without TLS from the first byte on.
func priorKnowledge() *http2.Transport {
	return &http2.Transport{
		AllowHTTP: true,
		DialTLSContext: func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
}
