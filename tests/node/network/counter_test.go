package network_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// examples/counter is a whole VM. On real nodes it does what it does under the fake one.
func TestCounter(t *testing.T) {
	vm := network.VM{Name: "counter", Binary: counter, Genesis: []byte("a chain that counts")}
	n := nodetest.Start(t, network.Of(3, avalancheGo, vm))
	requireCount(t, n, 0)

	counted := 0
	for _, node := range n.Nodes() {
		count(t, node, http.MethodPost)
		counted++
		requireCount(t, n, counted)
	}
	_, err := n.Join(t.Context())
	require.NoError(t, err)
	requireCount(t, n, counted)
	testCleanLog(t, n.Nodes()[1])

	require.NoError(t, n.Nodes()[0].Kill())
	require.NoError(t, n.Nodes()[0].Start(t.Context()))
	requireCount(t, n, counted)
	require.NoError(t, n.Restart(t.Context()))
	requireCount(t, n, counted)
	count(t, n.Nodes()[0], http.MethodPost)
	requireCount(t, n, counted+1)
}

// requireCount waits until every node has counted that far.
func requireCount(t *testing.T, n *network.Network, want int) {
	t.Helper()
	for _, node := range n.Nodes() {
		nodetest.Eventually(t, func(context.Context) error {
			if counted := count(t, node, http.MethodGet); counted != fmt.Sprintln(want) {
				return fmt.Errorf("%s has counted to %s", node, counted)
			}
			return nil
		})
	}
}

// count returns how far the node has counted. As a POST it wishes that one more is counted.
func count(t *testing.T, node *network.Node, method string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(nodetest.Deadline(t, time.Minute), method, node.ChainURL()+"/count", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", body)
	return string(body)
}
