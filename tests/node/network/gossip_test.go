package network

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	gossipNodes     = 5
	gossipProposals = 500

	// A proposal is told once, after 5 s again, and then after twice as long each time: within the minutes that this
	// test may take on the slowest machine, this often at most.
	maxCrossings = 5
)

func TestGossip(t *testing.T) {
	n := startNetwork(t, gossipNodes)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *Network)
	}{
		{"each node says who validates the chain", testValidators},
		{"each proposal crosses each link a few times at most", testCrossings},
		{"a stamp survives the loss of the node that took it", testLostTaker},
	} {
		if !t.Run(part.name, func(t *testing.T) { part.run(t, n) }) {
			t.FailNow()
		}
	}
}

func testValidators(t *testing.T, n *Network) {
	line := regexp.MustCompile(fmt.Sprintf(`event\W+validators\W+height\W+\d+\W+count\W+%d\b`, gossipNodes))
	for _, node := range n.nodes {
		require.Eventually(t, func() bool { return line.MatchString(node.logs(t)) }, time.Minute, 50*time.Millisecond)
	}
}

func testCrossings(t *testing.T, n *Network) {
	proposal := func(i int) []byte { return fmt.Appendf(nil, "crossing %d", i) }
	for i := range gossipProposals {
		require.NoError(t, n.nodes[i%gossipNodes].Client().ProposeBlock(t.Context(), proposal(i)))
	}
	ctx := deadline(t, 3*time.Minute)
	for _, node := range n.nodes {
		node.requireAll(t, ctx, gossipProposals, proposal)
	}
	chain := n.requireAgreement(t)
	for i := range gossipProposals {
		require.Len(t, chain.Find(proposal(i)), 1, "proposal %d", i)
	}

	ours := gossipProposals / gossipNodes
	for _, node := range n.nodes {
		require.Equal(t, ours, node.metric(t, "proposals_submitted_total"))
		received := node.metric(t, "proposals_received_total")
		report(t, "gossip: %d proposals of others reached a node %.2f times each over its %d links",
			gossipProposals-ours, float64(received)/float64(gossipProposals-ours), gossipNodes-1)
		require.LessOrEqual(t, received, maxCrossings*(gossipProposals-ours))
		require.Positive(t, received)
	}
}

// Two of five stand still, so that nothing can be accepted while a third takes a proposal and is lost.
func testLostTaker(t *testing.T, n *Network) {
	taker, witness, stopped := n.nodes[0], n.nodes[1], n.nodes[3:]
	before := witness.metric(t, "proposals_gossiped_total")
	for _, node := range stopped {
		node.signal(t, syscall.SIGSTOP)
	}
	once := func(int) []byte { return []byte("outlives its node") }
	require.NoError(t, taker.Client().ProposeBlock(t.Context(), once(0)))
	require.Eventually(t, func() bool { return witness.metric(t, "proposals_gossiped_total") > before },
		time.Minute, 50*time.Millisecond)
	require.NoError(t, taker.Kill())
	for _, node := range stopped {
		node.signal(t, syscall.SIGCONT)
	}
	ctx := deadline(t, 3*time.Minute)
	for _, node := range n.nodes[1:] {
		node.requireAll(t, ctx, 1, once)
	}
	require.NoError(t, taker.Start(t.Context()))
	require.Len(t, n.requireAgreement(t).Find(once(0)), 1)
}

func (n *Node) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	pid, err := n.PID()
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, signal))
}

// logs is all that the node wrote about the plugin.
func (n *Node) logs(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for _, name := range n.logNames() {
		part, err := os.ReadFile(n.logFile(name))
		if !errors.Is(err, fs.ErrNotExist) {
			require.NoError(t, err)
		}
		text.Write(part)
	}
	return text.String()
}

// metric reads one of the plugin's own metrics from the node's page.
func (n *Node) metric(t *testing.T, name string) int {
	t.Helper()
	status, body := get(t, n.URL()+"/ext/metrics")
	require.Equal(t, http.StatusOK, status)
	prefix := fmt.Sprintf("avalanche_%s_%s{", VMID, name)
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, len(body))
	for lines.Scan() {
		if value, found := strings.CutPrefix(lines.Text(), prefix); found {
			_, value, _ = strings.Cut(value, "} ")
			count, err := strconv.ParseFloat(value, 64)
			require.NoError(t, err)
			return int(count)
		}
	}
	require.Fail(t, "no metric "+name)
	return 0
}
