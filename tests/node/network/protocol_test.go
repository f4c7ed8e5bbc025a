package network_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/ava-labs/avalanchego/api/admin"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

const (
	ping = `{"jsonrpc":"2.0","id":1,"method":"timestampvm.ping","params":[]}`
	pong = `{"jsonrpc":"2.0","result":{"success":true},"id":1}`
)

// The node passes all of these through another call to the plugin than plain requests.
func testProtocols(t *testing.T, n *network.Network) {
	node := n.Nodes()[0]

	t.Run("HTTP/2 with prior knowledge", func(t *testing.T) {
		transport := &http2.Transport{AllowHTTP: true, DialTLSContext: dialWithoutTLS}
		defer transport.CloseIdleConnections()
		http2Only := client.Client{URL: node.RPCURL(), HTTP: &http.Client{Transport: transport}}
		require.NoError(t, http2Only.Ping(t.Context()))
		_, err := http2Only.Chain(t.Context())
		require.NoError(t, err)
	})
	t.Run("a header that asks for an upgrade", func(t *testing.T) {
		require.Equal(t, pong, postWith(t, node.RPCURL(), map[string]string{"Upgrade": "h2c"}))
	})
	t.Run("a header that names the chain", func(t *testing.T) {
		route := map[string]string{"Avalanche-Api-Route": n.ChainID().String()}
		require.Equal(t, pong, postWith(t, node.URL()+"/rpc", route))
	})
	t.Run("aliases of the chain and of its endpoint, with slashes", func(t *testing.T) {
		operator := admin.NewClient(node.URL())
		require.NoError(t, operator.AliasChain(t.Context(), n.ChainID().String(), "stamps/main"))
		require.NoError(t, operator.Alias(t.Context(), "bc/"+n.ChainID().String(), "our/stamps"))
		for _, alias := range []string{"bc/stamps/main", "our/stamps"} {
			require.Equal(t, pong, postWith(t, node.URL()+"/ext/"+alias+"/rpc", nil))
			status, _ := get(t, node.URL()+"/ext/"+alias+"/explorer")
			require.Equal(t, http.StatusOK, status)
		}
	})
	t.Run("what caches must know of the page: the node's part and ours", func(t *testing.T) {
		vary := headersOf(t, node.ChainURL()+"/explorer").Values("Vary")
		require.ElementsMatch(t, []string{"Origin", "Accept-Encoding"}, vary)
	})
	t.Run("curl", func(t *testing.T) {
		if _, err := exec.LookPath("curl"); err != nil {
			t.Skip("curl is not installed")
		}
		for _, protocol := range []string{"--http1.0", "--http1.1", "--http2", "--http2-prior-knowledge"} {
			out, err := exec.CommandContext(t.Context(), "curl", "-s", protocol,
				"-H", "content-type: application/json", "--data", ping, node.RPCURL()).CombinedOutput()
			require.NoError(t, err, "curl %s\n%s", protocol, out)
			require.Equal(t, pong, strings.TrimSpace(string(out)), "curl %s", protocol)
		}
	})
}

func postWith(t *testing.T, url string, headers map[string]string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(ping))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", body)
	return strings.TrimSpace(string(body))
}

func headersOf(t *testing.T, url string) http.Header {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.Header
}

func dialWithoutTLS(ctx context.Context, protocol, address string, _ *tls.Config) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, protocol, address)
}
