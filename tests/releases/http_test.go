package releases

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlainRequestsAreAnswered(t *testing.T) {
	c := open(t, newSite(t))
	status, answer := c.post(t, ping)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, pong, answer)
}

// The node passes these through another call than plain requests.
func TestUpgradeRequestsAreAnsweredLikePlainOnes(t *testing.T) {
	c := open(t, newSite(t))
	upgrade := func(method, body string) (int, string) {
		request := c.request(t, method, body)
		request.Header.Set("Upgrade", "h2c")
		return do(t, http.DefaultClient, request)
	}
	status, answer := upgrade(http.MethodPost, ping)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, pong, answer)
	status, _ = upgrade(http.MethodGet, "") // as the client of a WebSocket begins
	require.Equal(t, http.StatusMethodNotAllowed, status)
	large := strings.Repeat(" ", 1<<20) + ping
	status, answer = upgrade(http.MethodPost, large)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, pong, answer)
}

func TestBadRequestsChangeNothing(t *testing.T) {
	c := open(t, newSite(t))
	before := c.whole(t)
	status, _ := do(t, http.DefaultClient, c.request(t, http.MethodGet, ""))
	require.Equal(t, http.StatusMethodNotAllowed, status)
	status, _ = c.post(t, strings.Repeat(" ", 5<<20))
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	for _, body := range []string{"", "junk", `{"jsonrpc":"2.0","id":1,"method":"timestampvm.no","params":[]}`} {
		status, answer := c.post(t, body)
		require.Equal(t, http.StatusOK, status, answer)
		require.Contains(t, answer, `"error"`)
	}
	require.Equal(t, before, c.whole(t))
	c.stamp(t, "goes on")
}
