package releases

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// requireGrowth requires that the chain still has all blocks it had, and takes more.
func requireGrowth(t *testing.T, node *network.Node, before client.Chain, label string) {
	t.Helper()
	require.Equal(t, before, nodetest.Chain(t, node))
	for i := range 2 {
		nodetest.Stamp(t, node, fmt.Sprintf("%s: %d", label, i))
	}
	after := nodetest.Chain(t, node)
	require.Len(t, after, len(before)+2)
	require.Equal(t, before, after[:len(before)])
}

// stopCleanly stops the node, and requires that its plugins left in time by themselves: the node says so of each.
func stopCleanly(t *testing.T, node *network.Node) {
	t.Helper()
	plugins := nodetest.Plugins(t, node)
	before := farewells(t, node)
	require.NoError(t, node.Stop())
	nodetest.Gone(t, plugins)
	expected := len(plugins)
	if node.Program().Release.Protocol <= 23 {
		expected = 1 // up to v1.9.9 nothing is said of the plugin that serves no chain
	}
	require.Equal(t, before+expected, farewells(t, node), "a plugin did not leave by itself")
}

// farewells counts how often the node said that a plugin left in time.
func farewells(t *testing.T, node *network.Node) int {
	t.Helper()
	return len(linesWith(t, node, "subprocess gracefully shutdown", "[INFO]  plugin process exited"))
}

// complaints returns what the node and the plugin found wrong with the chain or with each other.
func complaints(t *testing.T, node *network.Node) []string {
	t.Helper()
	all := linesWith(t, node, "] WARN ", "] ERROR ", "] FATAL ", "[WARN]", "[ERROR]", `"level":"warn"`, `"level":"error"`)
	return slices.DeleteFunc(all, func(line string) bool {
		// A machine that is too busy for the node's --version: the next process speaks what this one was told.
		return strings.Contains(line, `"cannot serve"`)
	})
}

func linesWith(t *testing.T, node *network.Node, phrases ...string) []string {
	t.Helper()
	return nodetest.LinesWith(t, node.PluginLogs(), phrases...)
}
