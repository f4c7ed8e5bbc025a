//go:build linux

package releases

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
)

// Validators with timestampvm-rs and with this plugin make one chain. The release is one of those for which
// timestampvm-rs 0.0.18 was made.
func TestMixedNetwork(t *testing.T) {
	// Two must agree, so that one may fail.
	m := startMixed(t, "v1.10.12", func(ours, peers Program) []Program { return []Program{ours, peers, ours} })
	for _, part := range []struct {
		name string
		run  func(t *testing.T, m *mixedNetwork)
	}{
		{"every node builds blocks that all accept", testTurns},
		{"bursts from all nodes end in one chain", testBursts},
		{"a node changes to timestampvm-rs", testOursToPeer},
		{"a node that has nothing fetches the chain from timestampvm-rs", testJoinPeers},
		{"a node changes back, and again, and back", testThereAndBack},
	} {
		begun := time.Now()
		if !t.Run(part.name, func(t *testing.T) { part.run(t, m) }) {
			t.FailNow()
		}
		t.Logf("%s: %s", part.name, time.Since(begun).Round(time.Second))
	}
	for _, node := range []*Node{m.nodes[0], m.nodes[2]} {
		complaints := node.linesWith(t, `"level":"warn"`, `"level":"error"`)
		complaints = slices.DeleteFunc(complaints, func(line string) bool {
			// A machine that is too busy for the node's --version: the node was started again.
			return strings.Contains(line, `"cannot serve"`)
		})
		require.Empty(t, complaints, "%s", node)
	}
	t.Logf("height %d", m.agree(t, m.nodes...).Head().Height)
	release := m.ours.Release
	writeFact(t, "mixed-"+release.Version, nodeFact{release.Version, release.Protocol, "mixed"})
}

func testTurns(t *testing.T, m *mixedNetwork) {
	begun := time.Now()
	before := m.agree(t, m.nodes...)
	require.Len(t, before, 1)
	var expected []string
	for round := range 3 {
		for i, node := range m.nodes {
			data := fmt.Sprintf("round %d, node %d", round, i)
			node.stamp(t, data)
			m.agree(t, m.nodes...)
			expected = append(expected, data)
		}
	}
	chain := m.agree(t, m.nodes...)
	require.Equal(t, before, chain[:1])
	require.Equal(t, expected, dataOf(chain[1:]))
	requireBuiltSince(t, begun, chain[1:])
}

// What timestampvm-rs built in vain, it forgets: of what ours were given, all must be there, and only once.
func testBursts(t *testing.T, m *mixedNetwork) {
	const size = 5
	begun := time.Now()
	before := m.agree(t, m.nodes...)
	var given sync.WaitGroup
	for i, node := range m.nodes {
		given.Go(func() {
			for at := range size {
				if err := node.Client().ProposeBlock(t.Context(), burst(i, at)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	given.Wait()
	require.NoError(t, poll.Until(deadline(t, agreementLimit), func() error {
		news, err := m.nodes[1].Client().ChainAfter(t.Context(), before.Head().ID)
		for _, i := range []int{0, 2} {
			for at := range size {
				if err == nil && len(news.Find(burst(i, at))) == 0 {
					err = fmt.Errorf("%q is not accepted", burst(i, at))
				}
			}
		}
		return err
	}))
	chain := m.agree(t, m.nodes...)
	require.Equal(t, before, chain[:len(before)])
	found := 0
	for i := range m.nodes {
		for at := range size {
			times := len(chain.Find(burst(i, at)))
			require.LessOrEqual(t, times, 1)
			found += times
		}
	}
	require.Len(t, chain, len(before)+found)
	t.Logf("timestampvm-rs built %d of %d proposals", found-2*size, size)
	requireBuiltSince(t, begun, chain[len(before):])
}

func burst(node, at int) []byte {
	return fmt.Appendf(nil, "burst of node %d: %d", node, at)
}

// timestampvm-rs finds nothing of a chain that it never ran, and fetches it from the other nodes.
func testOursToPeer(t *testing.T, m *mixedNetwork) {
	node := m.nodes[0]
	before := m.agree(t, m.nodes...)
	node.change(t, m.peers)
	m.requireAhead(t, before, m.nodes[2])
	for i, node := range m.nodes {
		node.stamp(t, fmt.Sprintf("two of three, node %d", i))
	}
	m.agree(t, m.nodes...)
}

// All others run timestampvm-rs.
func testJoinPeers(t *testing.T, m *mixedNetwork) {
	node := m.nodes[2]
	before := m.agree(t, m.nodes...)
	require.NoError(t, node.Stop())
	require.NoError(t, os.RemoveAll(filepath.Join(node.dir, "db")))
	require.NoError(t, os.RemoveAll(node.ChainDataDir()))
	node.startAtLast(t)
	m.requireAhead(t, before, m.nodes[1])
	node.stamp(t, "with a chain from timestampvm-rs")
	m.agree(t, m.nodes...)
}

// What either of the two left in the node's database or in the chain data directory is still there. Ours takes over what
// timestampvm-rs had accepted meanwhile.
func testThereAndBack(t *testing.T, m *mixedNetwork) {
	node := m.nodes[0]
	for i, program := range []Program{m.ours, m.peers, m.ours} {
		before := m.agree(t, m.nodes...)
		node.change(t, program)
		m.requireAhead(t, before, m.nodes[1])
		node.stamp(t, fmt.Sprintf("there and back: %d", i))
		m.agree(t, m.nodes...)
	}
	require.Len(t, node.linesWith(t, "took over the chain of timestampvm-rs"), 2)
	require.Empty(t, node.linesWith(t, "timestampvm-rs went on without these blocks"))
}

// requireAhead requires that all agree on what was there before, once one of them has built upon it: a node that was
// not there hears of the chain with the next block at the latest.
func (m *mixedNetwork) requireAhead(t *testing.T, before client.Chain, builder *Node) {
	t.Helper()
	data := fmt.Sprintf("after height %d", before.Head().Height)
	builder.stamp(t, data)
	chain := m.agree(t, m.nodes...)
	require.Equal(t, before, chain[:len(before)])
	require.Equal(t, []string{data}, dataOf(chain[len(before):]))
}

// All nodes run on the same clock.
func requireBuiltSince(t *testing.T, begun time.Time, chain client.Chain) {
	t.Helper()
	for _, link := range chain {
		require.GreaterOrEqual(t, link.Timestamp, uint64(begun.Unix()), "height %d", link.Height)
		require.LessOrEqual(t, link.Timestamp, uint64(time.Now().Unix()), "height %d", link.Height)
	}
}
