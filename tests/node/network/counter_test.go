package network

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
)

// examples/counter is a whole VM. On real nodes it does what it does under the fake one.
func TestCounter(t *testing.T) {
	vm := VM{Name: "counter", Binary: counter, Genesis: []byte("a chain that counts")}
	n := startConfigured(t, Config{Nodes: validators, VM: vm})
	n.requireCount(t, 0)

	count := 0
	for _, node := range n.nodes {
		node.count(t, http.MethodPost)
		count++
		n.requireCount(t, count)
	}
	_, err := n.Join(t.Context())
	require.NoError(t, err)
	n.requireCount(t, count)
	testCleanLog(t, n.nodes[1])

	require.NoError(t, n.nodes[0].Kill())
	require.NoError(t, n.nodes[0].Start(t.Context()))
	n.requireCount(t, count)
	require.NoError(t, n.Restart(t.Context()))
	n.requireCount(t, count)
	n.nodes[0].count(t, http.MethodPost)
	n.requireCount(t, count+1)
}

// requireCount waits until every node has counted that far.
func (n *Network) requireCount(t *testing.T, want int) {
	t.Helper()
	for _, node := range n.nodes {
		require.NoError(t, poll.Until(deadline(t, 2*time.Minute), func() error {
			if counted := node.count(t, http.MethodGet); counted != fmt.Sprintln(want) {
				return fmt.Errorf("node %s has counted to %s", node.ID(), counted)
			}
			return nil
		}))
	}
}

// count returns how far the node has counted. As a POST it wishes that one more is counted.
func (n *Node) count(t *testing.T, method string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(deadline(t, time.Minute), method, n.ChainURL()+"/count", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", body)
	return string(body)
}
