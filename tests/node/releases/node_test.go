package releases

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ava-labs/avalanchego/utils/rpc"
	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/liveness"
	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
)

// call asks one of the node's own APIs.
func (n *Node) call(t require.TestingT, api, method string, reply any) {
	requester := rpc.NewEndpointRequester(n.URL() + "/ext/" + api)
	require.NoError(t, requester.SendRequest(context.Background(), method, struct{}{}, reply))
}

// chain returns all blocks, each of which is checked.
func (n *Node) chain(t *testing.T) client.Chain {
	t.Helper()
	chain, err := n.Client().Chain(t.Context())
	require.NoError(t, err)
	return chain
}

// stamp proposes, and waits until the node has accepted it.
func (n *Node) stamp(t *testing.T, data string) {
	t.Helper()
	ctx := deadline(t, time.Minute)
	head, err := n.Client().LastAccepted(ctx)
	require.NoError(t, err)
	require.NoError(t, n.Client().ProposeBlock(ctx, []byte(data)))
	require.NoError(t, poll.Until(ctx, func() error {
		news, err := n.Client().ChainAfter(ctx, head)
		if err == nil && len(news.Find([]byte(data))) == 0 {
			err = fmt.Errorf("%.20q is not accepted", data)
		}
		return err
	}))
}

// requireGrowth requires that the chain still has all blocks it had, and takes more.
func (n *Node) requireGrowth(t *testing.T, before client.Chain, label string) {
	t.Helper()
	require.Equal(t, before, n.chain(t))
	for i := range 2 {
		n.stamp(t, fmt.Sprintf("%s: %d", label, i))
	}
	after := n.chain(t)
	require.Len(t, after, len(before)+2)
	require.Equal(t, before, after[:len(before)])
}

// stopCleanly stops the node, and requires that its plugins left in time by themselves: the node says so of each.
func (n *Node) stopCleanly(t *testing.T) {
	t.Helper()
	plugins := n.plugins(t)
	before := n.farewells(t)
	require.NoError(t, n.Stop())
	requireGone(t, plugins)
	expected := len(plugins)
	if n.program.Release.Protocol <= 23 {
		expected = 1 // up to v1.9.9 nothing is said of the plugin that serves no chain
	}
	require.Equal(t, before+expected, n.farewells(t), "a plugin did not leave by itself")
}

// farewells counts how often the node said that a plugin left in time.
func (n *Node) farewells(t *testing.T) int {
	t.Helper()
	return len(n.linesWith(t, "subprocess gracefully shutdown", "[INFO]  plugin process exited"))
}

// complaints returns what the node and the plugin found wrong with the chain or with each other.
func (n *Node) complaints(t *testing.T) []string {
	t.Helper()
	return n.linesWith(t, "] WARN ", "] ERROR ", "] FATAL ", "[WARN]", "[ERROR]", `"level":"warn"`, `"level":"error"`)
}

func (n *Node) linesWith(t *testing.T, phrases ...string) []string {
	t.Helper()
	var found []string
	for _, path := range n.pluginLogs() {
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the oldest have one less
		}
		require.NoError(t, err)
		for line := range strings.Lines(string(content)) {
			if slices.ContainsFunc(phrases, func(phrase string) bool { return strings.Contains(line, phrase) }) {
				found = append(found, line)
			}
		}
	}
	return found
}

func (n *Node) plugins(t *testing.T) []int {
	t.Helper()
	plugins, err := n.PluginPIDs()
	require.NoError(t, err)
	require.NotEmpty(t, plugins)
	return plugins
}

func requireGone(t *testing.T, pids []int) {
	t.Helper()
	for _, pid := range pids {
		require.Eventually(t, func() bool { return !liveness.IsRunning(pid) }, 5*time.Second, 10*time.Millisecond,
			"process %d outlived its node", pid)
	}
}
