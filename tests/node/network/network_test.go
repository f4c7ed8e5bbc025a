package network_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

const (
	validators = 4
	burst      = 400

	largestData = 1_000_000 // bytes in one proposal
)

// One network lives through all of this, each part standing on the blocks of those before it.
func TestRealNetwork(t *testing.T) {
	n := nodetest.Start(t, ourNetwork(t, validators))
	var follower *network.Node

	for _, part := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"commands work as printed", func(t *testing.T) { testCurlLines(t, n) }},
		{"the line that stamps a file works as printed", func(t *testing.T) { testStampLine(t, n) }},
		{"another subnet is made as the documents say", func(t *testing.T) { testSubnetCommand(t, n) }},
		{"each node says who validates the chain", func(t *testing.T) { testValidators(t, n) }},
		{"a receipt is the same on every node", func(t *testing.T) { testReceipts(t, n) }},
		{"a burst lands in exactly one block each, gossiped a few times", func(t *testing.T) { testBurst(t, n) }},
		{"a stamp survives the loss of the node that took it", func(t *testing.T) { testLostTaker(t, n) }},
		{"the largest data is accepted everywhere", func(t *testing.T) { testLargestData(t, n) }},
		{"a fresh node bootstraps", func(t *testing.T) { follower = testJoin(t, n) }},
		{"health and metrics are well-formed", func(t *testing.T) { testNodePages(t, n) }},
		{"every node says who it is, and has the others as peers", func(t *testing.T) { testStatus(t, n) }},
		{"HTTP/2 and upgrade requests are answered", func(t *testing.T) { testProtocols(t, n) }},
		{"a killed node catches up", func(t *testing.T) { testKilledNode(t, n, follower) }},
		{"a node with a killed plugin catches up", func(t *testing.T) { testKilledPlugin(t, n, follower) }},
		{"a node that lost its chain data catches up", func(t *testing.T) { testLost(t, n, follower, follower.ChainDataDir()) }},
		{"a node that lost its database catches up", func(t *testing.T) { testLost(t, n, follower, follower.DatabaseDir()) }},
		{"the chain survives a restart of all nodes", func(t *testing.T) { testRestart(t, n, n.Restart) }},
		{"the plugins gave no reason to complain", func(t *testing.T) { testCleanLog(t, n.Nodes()[1]) }},
		{"the chain survives a crash of all nodes", func(t *testing.T) { testRestart(t, n, n.Crash) }},
		{"a node finds the VM while it runs", func(t *testing.T) { testLoadVMs(t, n) }},
	} {
		if !t.Run(part.name, part.run) {
			t.FailNow()
		}
	}
}

func testLargestData(t *testing.T, n *network.Network) {
	for i, node := range n.Nodes() {
		nodetest.Stamp(t, node, strings.Repeat(string(rune('a'+i)), largestData))
	}
	nodetest.Agree(t, n.Nodes()...)
}

// It must fetch what the burst has left from the others.
func testJoin(t *testing.T, n *network.Network) *network.Node {
	before := nodetest.Agree(t, n.Nodes()...)
	require.GreaterOrEqual(t, len(before), burst)
	follower, err := n.Join(t.Context())
	require.NoError(t, err)
	nodetest.Stamp(t, n.Nodes()[0], "after the join")
	require.Len(t, nodetest.Agree(t, n.Nodes()...), len(before)+1)
	return follower
}

// The follower is no validator, so the others go on without it.
func testKilledNode(t *testing.T, n *network.Network, follower *network.Node) {
	plugins := nodetest.Plugins(t, follower)
	require.NoError(t, follower.Kill())
	nodetest.Gone(t, plugins)
	stampSome(t, n, 10, "while a node is dead")
	require.NoError(t, follower.Start(t.Context()))
	nodetest.Agree(t, n.Nodes()...)
}

func testKilledPlugin(t *testing.T, n *network.Network, follower *network.Node) {
	plugins := nodetest.Plugins(t, follower)
	require.Len(t, plugins, 1)
	require.NoError(t, syscall.Kill(plugins[0], syscall.SIGKILL))
	nodetest.Gone(t, plugins)
	stampSome(t, n, 10, "while a plugin is dead")
	// AvalancheGo does not start a plugin again, and needs a minute to stop without it: an operator would not wait.
	require.NoError(t, follower.Kill())
	require.NoError(t, follower.Start(t.Context()))
	nodetest.Agree(t, n.Nodes()...)
}

// Either of a node's two places for the chain may be gone, and the other must not make that worse.
func testLost(t *testing.T, n *network.Network, follower *network.Node, folder string) {
	require.NoError(t, follower.Stop())
	require.DirExists(t, folder)
	require.NoError(t, os.RemoveAll(folder))
	stampSome(t, n, 5, t.Name())
	require.NoError(t, follower.Start(t.Context()))
	nodetest.Agree(t, n.Nodes()...)
	require.DirExists(t, folder)
}

func testRestart(t *testing.T, n *network.Network, restart func(context.Context) error) {
	before := nodetest.Agree(t, n.Nodes()...)
	require.NoError(t, restart(t.Context()))
	require.Equal(t, before, nodetest.Agree(t, n.Nodes()...))
	stampSome(t, n, validators, t.Name())
	after := nodetest.Agree(t, n.Nodes()...)
	require.Equal(t, before, after[:len(before)])
}

// A node that was never killed has no error to report, neither from the chain nor from the plugin's start and stop.
func testCleanLog(t *testing.T, node *network.Node) {
	require.Empty(t, nodetest.LinesWith(t, node.Logs(), "] ERROR ", "] FATAL ", `"level":"error"`))
}

// stampSome proposes on the validators in turn, and waits for them only.
func stampSome(t *testing.T, n *network.Network, count int, label string) {
	t.Helper()
	for i := range count {
		nodetest.Stamp(t, n.Nodes()[i%validators], fmt.Sprintf("%s: %d", label, i))
	}
}

// allAtOnce proposes on the validators in turn.
func allAtOnce(t *testing.T, n *network.Network, proposals []string) {
	t.Helper()
	var (
		given sync.WaitGroup
		errs  = make(chan error, len(proposals))
	)
	for i, data := range proposals {
		given.Go(func() { errs <- n.Nodes()[i%validators].Client().ProposeBlock(t.Context(), []byte(data)) })
	}
	given.Wait()
	for range proposals {
		require.NoError(t, <-errs)
	}
}
