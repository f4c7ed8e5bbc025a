//go:build linux

package releases

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	processes "github.com/shirou/gopsutil/process"
	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/utils/cb58"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/liveness"
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
		{"a burst from timestampvm-rs alone is in the chain", testPeerBurst},
		{"requests that make timestampvm-rs panic do not end it", testPanics},
		{"the others go on when timestampvm-rs runs out of memory", testOutOfMemory},
		{"a node changes to timestampvm-rs", testOursToPeer},
		{"a node that has nothing fetches the chain from timestampvm-rs", testJoinPeers},
		{"a block in other words stops timestampvm-rs, and ours go on", testOtherWords},
		{"a node changes back, and again, and back", testThereAndBack},
		{"large data ends timestampvm-rs, and ours take over its chain", testLargeData},
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
			return strings.Contains(line, `"cannot serve"`) || strings.Contains(line, encodedAgain)
		})
		require.Empty(t, complaints, "%s", node)
	}
	t.Logf("height %d", m.agree(t, m.nodes...).Head().Height)
	release := m.ours.Release
	writeFact(t, "mixed-"+release.Version, nodeFact{release.Version, release.Protocol, "mixed"})
}

// encodedAgain is what ours says of the block in other words, where it takes that over from timestampvm-rs.
const encodedAgain = "took over a block that timestampvm-rs encoded again"

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

// With nobody beside it, it builds all that it was given, in order. Something may be left from the last burst.
func testPeerBurst(t *testing.T, m *mixedNetwork) {
	before := m.agree(t, m.nodes...)
	var expected []string
	for at := range 5 {
		expected = append(expected, fmt.Sprintf("burst of timestampvm-rs: %d", at))
		require.NoError(t, m.nodes[1].Client().ProposeBlock(t.Context(), []byte(expected[at])))
	}
	require.NoError(t, poll.Until(deadline(t, agreementLimit), func() error {
		for _, node := range m.nodes {
			news, err := node.Client().ChainAfter(t.Context(), before.Head().ID)
			if err != nil {
				return err
			}
			data := slices.DeleteFunc(dataOf(news), func(data string) bool { return strings.HasPrefix(data, "burst of node") })
			if !slices.Equal(expected, data) {
				return fmt.Errorf("%s has %q", node, data)
			}
		}
		return nil
	}))
}

// It is the task that ends, and the node answers for it.
func testPanics(t *testing.T, m *mixedNetwork) {
	ours, node := m.nodes[0], m.nodes[1]
	plugins := node.plugins(t)
	long, err := cb58.Encode(make([]byte, ids.IDLen+1))
	require.NoError(t, err)
	for _, id := range []string{"", "x", "é", long} {
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"getBlock","params":[{"id":%q}]}`, id)
		status, answer, err := node.post(deadline(t, time.Minute), body)
		require.NoError(t, err)
		require.Equal(t, http.StatusInternalServerError, status, "%s", answer)
		status, answer, err = ours.post(deadline(t, time.Minute), body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, answer, `"code":-32602`)
	}
	require.Equal(t, plugins, node.plugins(t))
	node.stamp(t, "after the panics")
	m.agree(t, m.nodes...)
}

// timestampvm-rs keeps in memory whatever it is given. It gets little memory here, and is given 1 MiB at a time, which is
// what it takes at most.
func testOutOfMemory(t *testing.T, m *mixedNetwork) {
	node, others := m.nodes[1], []*Node{m.nodes[0], m.nodes[2]}
	before := m.agree(t, m.nodes...)
	plugin := limitMemory(t, node, 64<<20)
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"proposeBlock","params":[{"data":%q}]}`,
		base64.StdEncoding.EncodeToString(make([]byte, 1<<20)))
	taken := 0
	for liveness.IsRunning(plugin) {
		// The node answers no more when the plugin has ended.
		status, answer, err := node.post(deadline(t, 5*time.Second), body)
		if err == nil && status == http.StatusOK {
			require.JSONEq(t, `{"jsonrpc":"2.0","result":{"success":true},"id":1}`, answer)
			taken++
		}
	}
	t.Logf("timestampvm-rs took %d proposals and ended", taken)

	for i, other := range others {
		other.stamp(t, fmt.Sprintf("without node 1: %d", i))
	}
	during := m.agree(t, others...)
	require.Equal(t, before, during[:len(before)])

	require.NoError(t, node.Kill())
	node.startAtLast(t)
	others[0].stamp(t, "together again")
	m.agree(t, m.nodes...)
	node.stamp(t, "there again")
	m.agree(t, m.nodes...)
}

// limitMemory lets the plugin that has the chain, the last to be started, take only so much more.
func limitMemory(t *testing.T, node *Node, more uint64) int {
	t.Helper()
	var last *processes.Process
	var lastStart int64
	for _, pid := range node.plugins(t) {
		p, err := processes.NewProcess(int32(pid))
		require.NoError(t, err)
		start, err := p.CreateTime()
		require.NoError(t, err)
		if start >= lastStart {
			last, lastStart = p, start
		}
	}
	memory, err := last.MemoryInfo()
	require.NoError(t, err)
	limit := exec.Command("prlimit", fmt.Sprintf("--pid=%d", last.Pid), fmt.Sprintf("--as=%d", memory.VMS+more))
	output, err := limit.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return int(last.Pid)
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

// The words of a block are its own: whoever writes them anew has another block.
func testOtherWords(t *testing.T, m *mixedNetwork) {
	node, peers := m.nodes[2], m.nodes[:2]
	before := m.agree(t, m.nodes...)
	require.NoError(t, node.Stop())
	m.inOtherWords(t, node)
	node.startAtLast(t)
	require.NoError(t, node.Client().ProposeBlock(t.Context(), []byte("in other words")))
	m.known = m.awaitBlock(t, before.Head().ID)
	ctx := deadline(t, agreementLimit)
	for _, node := range m.nodes {
		block, err := node.Client().Block(ctx, m.known)
		require.NoError(t, err)
		require.Equal(t, "in other words", string(block.Data))
		require.Equal(t, before.Head().ID, block.ParentID)
		require.NotEqual(t, m.known, block.ID())
		spaced := append([]byte("{ "), block.Bytes()[1:]...)
		require.Equal(t, m.known, hash(spaced))
	}

	for i, peer := range peers {
		require.NoError(t, peer.Client().ProposeBlock(ctx, fmt.Appendf(nil, "lost: %d", i)))
		require.NoError(t, poll.Until(ctx, func() error {
			if len(peer.linesWith(t, `failed building block {"error": "rpc error: code = Unknown desc = not found"`)) == 0 {
				return fmt.Errorf("%s did not fail to build", peer)
			}
			return nil
		}))
	}
	head, err := commonHead(ctx, m.nodes)
	require.NoError(t, err)
	require.Equal(t, m.known, head)

	node.change(t, m.ours)
	node.stamp(t, "in our words")
	for i, peer := range peers {
		peer.stamp(t, fmt.Sprintf("it builds again: %d", i))
	}
	require.Equal(t, []string{"in our words", "it builds again: 0", "it builds again: 1"}, dataOf(m.agree(t, m.nodes...)))
}

// What either of the two left in the node's database or in the chain data directory is still there. Ours takes over what
// timestampvm-rs had accepted meanwhile, and first the block in other words.
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
	require.Len(t, node.linesWith(t, encodedAgain), 1)
	require.Empty(t, node.linesWith(t, "timestampvm-rs went on without these blocks"))
}

// timestampvm-rs accepts a block that it cannot read again. The chain goes on without it, and its node with ours: with
// what is in the node's database, among which is the block that timestampvm-rs wrote in its own words.
func testLargeData(t *testing.T, m *mixedNetwork) {
	node, others := m.nodes[1], []*Node{m.nodes[0], m.nodes[2]}
	before := m.agree(t, m.nodes...)
	others[0].stamp(t, strings.Repeat("x", 700_000))
	m.awaitBlock(t, before.Head().ID)
	ctx := deadline(t, agreementLimit)
	others[1].stamp(t, "after large data")
	require.NoError(t, poll.Until(ctx, func() error {
		_, answer, err := node.post(ctx, `{"jsonrpc":"2.0","id":1,"method":"lastAccepted","params":[]}`)
		if err == nil && !strings.Contains(answer, closedForGood) {
			err = fmt.Errorf("timestampvm-rs answers %s", answer)
		}
		return err
	}))
	m.agree(t, others...)

	// A restart is no help.
	require.NoError(t, node.Kill())
	node.atLast(t, node.learnID)
	require.NoError(t, poll.Until(ctx, func() error {
		log, err := os.ReadFile(filepath.Join(node.dir, "logs", "main.log"))
		if err == nil && !regexp.MustCompile(`error creating chain .*message length too large`).Match(log) {
			err = errors.New("the node did not fail to create the chain")
		}
		return err
	}))
	require.NoError(t, node.Kill())

	require.NoFileExists(t, filepath.Join(node.ChainDataDir(), "timestampvm.db"))
	require.NoError(t, node.Install(m.ours))
	node.startAtLast(t)
	require.Len(t, node.linesWith(t, "took over the chain of timestampvm-rs"), 1)
	require.Len(t, node.linesWith(t, encodedAgain), 1)
	m.requireAhead(t, m.agree(t, others...), others[0])
	for i, node := range m.nodes {
		node.stamp(t, fmt.Sprintf("all with ours, node %d", i))
	}
	m.agree(t, m.nodes...)
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
