//go:build until30

package releases

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Until protocol 30 a node keeps a process of the plugin for requests to the VM itself, and stops it without a Shutdown.
func TestStaticHandlerAnswersWithoutAChain(t *testing.T) {
	p := launch(t)
	handlers, err := p.StaticHandlers(t.Context())
	require.NoError(t, err)
	require.Len(t, handlers, 1)
	require.Contains(t, handlers, "/static")

	static := client{url: serve(t, handlers["/static"]).URL + "/ext/vm/timestampvm/static"}
	status, answer := static.post(t, ping)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, pong, answer)
	stop(t, p, p.Stop)
}
