package network_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// The programs under test.
var avalancheGo, timestampVM, counter string

func TestMain(m *testing.M) {
	var vmErr, counterErr, nodeErr error
	timestampVM, vmErr = artifact.TimestampVM()
	counter, counterErr = artifact.Counter()
	avalancheGo, nodeErr = artifact.AvalancheGo()
	for _, err := range []error{vmErr, counterErr, nodeErr} {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// ourNetwork is what a network with our chain is made of.
func ourNetwork(t *testing.T, nodes int) network.Config {
	t.Helper()
	vm, err := network.TimestampVM(timestampVM, "the network's first block")
	require.NoError(t, err)
	return network.Of(nodes, avalancheGo, vm)
}

// plugins returns the process IDs of all nodes' plugins.
func plugins(t *testing.T, n *network.Network) [][]int {
	t.Helper()
	var all [][]int
	for _, node := range n.Nodes() {
		pids := nodetest.Plugins(t, node)
		require.Len(t, pids, 1)
		all = append(all, pids)
	}
	return all
}

// report shows a figure also where the log of a passing test is not shown.
func report(t *testing.T, format string, values ...any) {
	t.Helper()
	line := fmt.Sprintf(format, values...)
	t.Log(line)
	fmt.Println("node-test:", line)
}
