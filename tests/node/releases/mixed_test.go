package releases

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// mixed is one chain that two programs make.
type mixed struct {
	our, peer network.Program // peer is timestampvm-rs
	nodes     []*network.Node
}

// Validators with timestampvm-rs and with this plugin make one chain.
func TestMixedNetwork(t *testing.T) {
	our, peer := programs(t)
	// Two must agree, so that one may fail.
	m := mixed{our, peer, startMixed(t, our, peer, our)}
	for _, part := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"every node builds blocks that all accept", m.testTurns},
		{"bursts from all nodes end in one chain", m.testBursts},
		{"a node changes to timestampvm-rs", m.testOursToPeer},
		{"a node that has nothing fetches the chain from timestampvm-rs", m.testJoinPeers},
		{"a node changes back, and again, and back", m.testThereAndBack},
	} {
		if !t.Run(part.name, part.run) {
			t.FailNow()
		}
	}
	for _, node := range []*network.Node{m.nodes[0], m.nodes[2]} {
		ofPlugin := slices.DeleteFunc(complaints(t, node), func(line string) bool { return !strings.Contains(line, `"level":`) })
		require.Empty(t, ofPlugin, "%s", node)
	}
	writeFact(t, "mixed-"+our.Release.Version, nodeFact{our.Release.Version, our.Release.Protocol, "mixed"})
}

func (m mixed) testTurns(t *testing.T) {
	before := nodetest.Agree(t, m.nodes...)
	require.Len(t, before, 1)
	var expected []string
	for round := range 3 {
		for i, node := range m.nodes {
			data := fmt.Sprintf("round %d, node %d", round, i)
			nodetest.Stamp(t, node, data)
			nodetest.Agree(t, m.nodes...)
			expected = append(expected, data)
		}
	}
	chain := nodetest.Agree(t, m.nodes...)
	require.Equal(t, before, chain[:1])
	require.Equal(t, expected, dataOf(chain[1:]))
}

// What timestampvm-rs built in vain, it forgets: of what ours were given, all must be there, and only once.
func (m mixed) testBursts(t *testing.T) {
	const size = 5
	burst := func(node, at int) string { return fmt.Sprintf("burst of node %d: %d", node, at) }
	before := nodetest.Agree(t, m.nodes...)
	var given sync.WaitGroup
	var ofOurs []string
	for i, node := range m.nodes {
		for at := range size {
			if i != 1 {
				ofOurs = append(ofOurs, burst(i, at))
			}
			given.Go(func() {
				if err := node.Client().ProposeBlock(t.Context(), []byte(burst(i, at))); err != nil {
					t.Error(err)
				}
			})
		}
	}
	given.Wait()
	nodetest.Carries(t, m.nodes[1], ofOurs...)
	chain := nodetest.Agree(t, m.nodes...)
	require.Equal(t, before, chain[:len(before)])
	data := dataOf(chain[len(before):])
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(data))), len(data), "%q", data)
}

// timestampvm-rs finds nothing of a chain that it never ran, and fetches it from the other nodes.
func (m mixed) testOursToPeer(t *testing.T) {
	before := nodetest.Agree(t, m.nodes...)
	change(t, m.nodes[0], m.peer)
	requireAhead(t, m.nodes, before, m.nodes[2], "after the change")
	for i, node := range m.nodes {
		nodetest.Stamp(t, node, fmt.Sprintf("two of three, node %d", i))
	}
	nodetest.Agree(t, m.nodes...)
}

// All others run timestampvm-rs.
func (m mixed) testJoinPeers(t *testing.T) {
	node := m.nodes[2]
	before := nodetest.Agree(t, m.nodes...)
	require.NoError(t, node.Stop())
	require.NoError(t, os.RemoveAll(node.DatabaseDir()))
	require.NoError(t, os.RemoveAll(node.ChainDataDir()))
	startAgain(t, node)
	requireAhead(t, m.nodes, before, m.nodes[1], "after the join")
	nodetest.Stamp(t, node, "with a chain from timestampvm-rs")
	nodetest.Agree(t, m.nodes...)
}

// What either of the two left in the node's database or in the chain data directory is still there. Ours takes over what
// timestampvm-rs had accepted meanwhile.
func (m mixed) testThereAndBack(t *testing.T) {
	node := m.nodes[0]
	for i, program := range []network.Program{m.our, m.peer, m.our} {
		before := nodetest.Agree(t, m.nodes...)
		change(t, node, program)
		requireAhead(t, m.nodes, before, m.nodes[1], fmt.Sprintf("after change %d", i))
		nodetest.Stamp(t, node, fmt.Sprintf("there and back: %d", i))
		nodetest.Agree(t, m.nodes...)
	}
	require.Len(t, linesWith(t, node, "took over the chain of timestampvm-rs"), 2)
	require.Empty(t, linesWith(t, node, "timestampvm-rs went on without these blocks"))
}
