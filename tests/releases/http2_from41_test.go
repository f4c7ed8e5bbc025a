//go:build !until40

package releases

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// From protocol 41 on, the node has a second handler for requests that name the chain in a header, with any path.
func TestRequestsByHeaderAreAnsweredOverHTTP2(t *testing.T) {
	c := open(t, newSite(t))
	handler, err := c.HandlerByHeader(t.Context())
	require.NoError(t, err)
	require.NotNil(t, handler)

	byHeader := client{url: serve(t, handler).URL + "/rpc"}
	http2 := &http.Client{Transport: &http.Transport{Protocols: onlyHTTP2()}}
	defer http2.CloseIdleConnections()
	status, answer := do(t, http2, byHeader.request(t, http.MethodPost, ping))
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, pong, answer)
}

func onlyHTTP2() *http.Protocols {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return protocols
}
