package network

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/liveness"
	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
)

const (
	validators = 3
	burst      = 300

	largestData = 1_000_000 // bytes in one proposal

	// A joining node must fetch at least this many blocks from the others.
	bootstrapAtLeast = 200
)

// One network lives through all of this, each part standing on the blocks of those before it.
func TestRealNetwork(t *testing.T) {
	n := startNetwork(t, validators)
	var follower *Node

	for _, part := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"commands work as printed", func(t *testing.T) { testCurlLines(t, n) }},
		{"every node takes proposals, soon accepted", func(t *testing.T) { testLatency(t, n) }},
		{"a receipt is the same on every node", func(t *testing.T) { testReceipts(t, n) }},
		{"a burst lands in exactly one block each", func(t *testing.T) { testBurst(t, n) }},
		{"the largest data is accepted everywhere", func(t *testing.T) { testLargestData(t, n) }},
		{"a fresh node bootstraps", func(t *testing.T) { follower = testJoin(t, n) }},
		{"health and metrics are well-formed", func(t *testing.T) { testNodePages(t, n) }},
		{"every node says who it is, and has the others as peers", func(t *testing.T) { testStatus(t, n) }},
		{"HTTP/2 and upgrade requests are answered", func(t *testing.T) { testProtocols(t, n) }},
		{"a killed node catches up", func(t *testing.T) { testKilledNode(t, n, follower) }},
		{"a node with a killed plugin catches up", func(t *testing.T) { testKilledPlugin(t, n, follower) }},
		{"a node that lost its chain data catches up", func(t *testing.T) { testLost(t, n, follower, follower.ChainDataDir()) }},
		{"a node that lost its database catches up", func(t *testing.T) { testLost(t, n, follower, follower.DatabaseDir()) }},
		{"a killed validator comes back", func(t *testing.T) { testKilledValidator(t, n) }},
		{"the chain survives a restart of all nodes", func(t *testing.T) { testRestart(t, n, n.Restart) }},
		{"the plugins gave no reason to complain", func(t *testing.T) { testCleanLog(t, n.nodes[0]) }},
		{"the chain survives a crash of all nodes", func(t *testing.T) { testRestart(t, n, n.Crash) }},
		{"a node finds the VM while it runs", func(t *testing.T) { testLoadVMs(t, n) }},
	} {
		if !t.Run(part.name, part.run) {
			t.FailNow()
		}
	}
}

func TestSingleNodeNetwork(t *testing.T) {
	n := startNetwork(t, 1)
	n.stampOn(t, n.nodes[0], "alone")
	require.NoError(t, n.Restart(t.Context()))
	n.stampOn(t, n.nodes[0], "alone after a restart")
	require.Len(t, n.requireAgreement(t), 3)
}

func testBurst(t *testing.T, n *Network) {
	began := time.Now()
	var (
		proposals sync.WaitGroup
		errs      = make(chan error, burst)
	)
	for i := range burst {
		proposals.Go(func() {
			errs <- n.nodes[i%len(n.nodes)].Client().ProposeBlock(t.Context(), burstData(i))
		})
	}
	proposals.Wait()
	for range burst {
		require.NoError(t, <-errs)
	}
	taken := time.Since(began)

	ctx := deadline(t, 3*time.Minute)
	for _, node := range n.nodes {
		node.requireAll(t, ctx, burst, burstData)
	}
	report(t, "burst: %d proposals taken in %s, accepted everywhere within %s",
		burst, taken.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))

	chain := n.requireAgreement(t)
	for i := range burst {
		require.Len(t, chain.Find(burstData(i)), 1, "proposal %d", i)
	}
}

// Nodes let about half a megabyte per second in from a peer, so this is not about speed.
func testLargestData(t *testing.T, n *Network) {
	for i, node := range n.nodes {
		took := n.stampOn(t, node, strings.Repeat(string(rune('a'+i)), largestData))
		report(t, "request to acceptance of %d bytes: %d ms", largestData, took.Milliseconds())
	}
	n.requireAgreement(t)
}

func testJoin(t *testing.T, n *Network) *Node {
	before := n.requireAgreement(t)
	require.GreaterOrEqual(t, len(before), bootstrapAtLeast)

	began := time.Now()
	follower, err := n.Join(t.Context())
	require.NoError(t, err)
	follower.requireHead(t, before.Head().ID)
	report(t, "join: a fresh node served %d blocks after %s", len(before), time.Since(began).Round(time.Millisecond))

	n.stampOn(t, n.nodes[0], "after the join")
	require.Len(t, n.requireAgreement(t), len(before)+1)
	return follower
}

// The follower is no validator, so the others go on without it.
func testKilledNode(t *testing.T, n *Network, follower *Node) {
	plugins, err := follower.PluginPIDs()
	require.NoError(t, err)
	require.Len(t, plugins, 1)
	require.NoError(t, follower.Kill())
	requireGone(t, plugins)

	n.stampSome(t, 10, "while a node is dead")
	require.NoError(t, follower.Start(t.Context()))
	n.requireAgreement(t)
}

func testKilledPlugin(t *testing.T, n *Network, follower *Node) {
	plugins, err := follower.PluginPIDs()
	require.NoError(t, err)
	require.Len(t, plugins, 1)
	require.NoError(t, syscall.Kill(plugins[0], syscall.SIGKILL))
	requireGone(t, plugins)

	n.stampSome(t, 10, "while a plugin is dead")
	// AvalancheGo does not start a plugin again, and needs a minute to stop without it: an operator would not wait.
	require.NoError(t, follower.Kill())
	require.NoError(t, follower.Start(t.Context()))
	n.requireAgreement(t)
}

// Either of a node's two places for the chain may be gone, and the other must not make that worse.
func testLost(t *testing.T, n *Network, follower *Node, folder string) {
	require.NoError(t, follower.Stop())
	require.DirExists(t, folder)
	require.NoError(t, os.RemoveAll(folder))
	n.stampSome(t, 5, t.Name())
	require.NoError(t, follower.Start(t.Context()))
	n.requireAgreement(t)
	require.DirExists(t, folder)
}

// Without one of three validators there is no quorum, so the chain may stand still meanwhile.
func testKilledValidator(t *testing.T, n *Network) {
	victim, witness := n.nodes[1], n.nodes[2]
	require.NoError(t, victim.Kill())
	require.NoError(t, witness.Client().ProposeBlock(t.Context(), []byte("while a validator is dead")))
	require.NoError(t, victim.Start(t.Context()))

	once := func(int) []byte { return []byte("while a validator is dead") }
	for _, node := range n.nodes {
		node.requireAll(t, deadline(t, 2*time.Minute), 1, once)
	}
	n.stampOn(t, victim, "after a validator's death")
	require.Len(t, n.requireAgreement(t).Find(once(0)), 1)
}

func testRestart(t *testing.T, n *Network, restart func(context.Context) error) {
	before := n.requireAgreement(t)
	require.NoError(t, restart(t.Context()))
	require.Equal(t, before, n.requireAgreement(t))
	n.stampSome(t, len(n.nodes), t.Name())
	after := n.requireAgreement(t)
	require.Equal(t, before, after[:len(before)])
}

// A node that was never killed has no error to report, neither from the chain nor from the plugin's start and stop.
func testCleanLog(t *testing.T, node *Node) {
	for _, name := range node.logNames() {
		content, err := os.ReadFile(node.logFile(name))
		require.NoError(t, err)
		for line := range strings.Lines(string(content)) {
			for _, complaint := range []string{"] ERROR ", "] FATAL ", `"level":"error"`} {
				require.NotContains(t, line, complaint, name)
			}
		}
	}
}

// stampOn proposes on the node and waits until all nodes have accepted it. It returns how long the first of that took.
func (n *Network) stampOn(t *testing.T, node *Node, data string) time.Duration {
	t.Helper()
	took := node.stamp(t, data)
	id, err := node.Client().LastAccepted(t.Context())
	require.NoError(t, err)
	for _, other := range n.nodes {
		if other.URL() != "" {
			other.requireHead(t, id)
		}
	}
	return took
}

// stampSome proposes on the validators in turn, and waits for them only.
func (n *Network) stampSome(t *testing.T, count int, label string) {
	t.Helper()
	for i := range count {
		n.nodes[i%validators].stamp(t, fmt.Sprintf("%s: %d", label, i))
	}
}

// requireAgreement waits until all nodes have the same head, and requires that they have the same chain below it.
func (n *Network) requireAgreement(t *testing.T) client.Chain {
	t.Helper()
	ctx := deadline(t, 2*time.Minute)
	require.NoError(t, poll.Until(ctx, func() error { return n.sameHeads(ctx) }))

	var first client.Chain
	for i, node := range n.nodes {
		chain, err := node.Client().Chain(ctx)
		require.NoError(t, err)
		if i == 0 {
			first = chain
		}
		require.Equal(t, first, chain, "nodes %s and %s differ", n.nodes[0].ID(), node.ID())
	}
	return first
}

func (n *Network) sameHeads(ctx context.Context) error {
	var first ids.ID
	for i, node := range n.nodes {
		id, err := node.Client().LastAccepted(ctx)
		switch {
		case err != nil:
			return err
		case i == 0:
			first = id
		case id != first:
			return fmt.Errorf("node %s is at %s and node %s at %s", n.nodes[0].ID(), first, node.ID(), id)
		}
	}
	return nil
}

// stamp proposes on this node, and waits until this node has accepted it. It returns how long that took.
func (n *Node) stamp(t *testing.T, data string) time.Duration {
	t.Helper()
	ctx := deadline(t, time.Minute)
	head, err := n.Client().LastAccepted(ctx)
	require.NoError(t, err)
	began := time.Now()
	require.NoError(t, n.Client().ProposeBlock(ctx, []byte(data)))
	for {
		id, err := n.Client().LastAccepted(ctx)
		require.NoError(t, err, "%q is not accepted", data)
		if id != head {
			took := time.Since(began)
			accepted, err := n.Client().ChainAfter(ctx, head)
			require.NoError(t, err)
			if len(accepted.Find([]byte(data))) > 0 {
				return took
			}
			head = id
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// requireAll waits until the node's chain carries all proposals.
func (n *Node) requireAll(t *testing.T, ctx context.Context, count int, proposal func(int) []byte) {
	t.Helper()
	missing := make(map[string]bool, count)
	for i := range count {
		missing[string(proposal(i))] = true
	}
	var known ids.ID
	require.NoError(t, poll.Until(ctx, func() error {
		news, err := n.Client().ChainAfter(ctx, known)
		if err != nil {
			return err
		}
		for _, link := range news {
			delete(missing, string(link.Data))
		}
		if len(news) > 0 {
			known = news.Head().ID
		}
		if len(missing) > 0 {
			return fmt.Errorf("node %s still lacks %d of %d", n.ID(), len(missing), count)
		}
		return nil
	}))
}

// requireHead waits until the node has accepted the block, whether or not others came after it.
func (n *Node) requireHead(t *testing.T, id ids.ID) {
	t.Helper()
	ctx := deadline(t, time.Minute)
	require.NoError(t, poll.Until(ctx, func() error {
		_, err := n.Client().Block(ctx, id)
		return err
	}), "node %s", n.ID())
}

func requireGone(t *testing.T, pids []int) {
	t.Helper()
	for _, pid := range pids {
		require.Eventually(t, func() bool { return !liveness.IsRunning(pid) }, 2*time.Second, 10*time.Millisecond,
			"process %d outlived its node", pid)
	}
}

func burstData(i int) []byte {
	return fmt.Appendf(nil, "burst %d", i)
}

// report shows a figure also where the log of a passing test is not shown.
func report(t *testing.T, format string, values ...any) {
	t.Helper()
	line := fmt.Sprintf(format, values...)
	t.Log(line)
	fmt.Println("node-test:", line)
}
