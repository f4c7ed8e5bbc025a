//go:build until39 || !until41

package releases

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The node sets headers before it passes a request on. With protocols 40 and 41 it loses them itself.
func TestHeadersOfTheNodeAreKept(t *testing.T) {
	c := open(t, newSite(t))
	handlers, err := c.Handlers(t.Context())
	require.NoError(t, err)
	outer := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Node-Id", "the node")
		w.Header().Add("Vary", "Origin")
		handlers["/rpc"].ServeHTTP(w, r)
	}))

	request := newClient(outer, c.site.ChainID).request(t, http.MethodPost, ping)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "the node", response.Header.Get("Node-Id"))
	require.Equal(t, "Origin", response.Header.Get("Vary"))
	require.Equal(t, []string{"application/json"}, response.Header.Values("Content-Type"))
}
