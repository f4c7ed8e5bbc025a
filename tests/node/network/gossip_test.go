package network_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// A proposal is gossiped once, after 5 s again, and then after twice as long each time: within the minutes that this test
// may take on the slowest machine, this often at most.
const maxCrossings = 5

func testValidators(t *testing.T, n *network.Network) {
	line := regexp.MustCompile(fmt.Sprintf(`event\W+validators\W+height\W+\d+\W+count\W+%d\b`, validators))
	for _, node := range n.Nodes() {
		nodetest.Eventually(t, func(context.Context) error {
			for _, path := range node.PluginLogs() {
				if text, err := os.ReadFile(path); err == nil && line.Match(text) {
					return nil
				}
			}
			return errors.New("the validators are not in the log")
		})
	}
}

func testBurst(t *testing.T, n *network.Network) {
	proposals := make([]string, burst)
	for i := range proposals {
		proposals[i] = fmt.Sprintf("burst %d", i)
	}
	before := make([]int, validators)
	for i, node := range n.Nodes() {
		before[i] = metric(t, node, "proposals_received_total")
	}
	allAtOnce(t, n, proposals)
	for _, node := range n.Nodes() {
		nodetest.Carries(t, node, proposals...)
	}
	chain := nodetest.Agree(t, n.Nodes()...)
	for _, data := range proposals {
		require.Len(t, chain.Find([]byte(data)), 1, data)
	}

	ofOthers := burst - burst/validators
	for i, node := range n.Nodes() {
		received := metric(t, node, "proposals_received_total") - before[i]
		require.LessOrEqual(t, received, maxCrossings*ofOthers)
		require.Positive(t, received)
	}
}

// Two of four stand still, so that nothing can be accepted while a third takes a proposal and is lost.
func testLostTaker(t *testing.T, n *network.Network) {
	const data = "outlives its node"
	taker, witness, stopped := n.Nodes()[0], n.Nodes()[1], n.Nodes()[2:]
	before := metric(t, witness, "proposals_gossiped_total")
	for _, node := range stopped {
		require.NoError(t, syscall.Kill(node.PID(), syscall.SIGSTOP))
	}
	require.NoError(t, taker.Client().ProposeBlock(t.Context(), []byte(data)))
	nodetest.Eventually(t, func(context.Context) error {
		if metric(t, witness, "proposals_gossiped_total") == before {
			return errors.New("the proposal has not arrived")
		}
		return nil
	})
	require.NoError(t, taker.Kill())
	for _, node := range stopped {
		require.NoError(t, syscall.Kill(node.PID(), syscall.SIGCONT))
	}
	for _, node := range n.Nodes()[1:] {
		nodetest.Carries(t, node, data)
	}
	require.NoError(t, taker.Start(t.Context()))
	require.Len(t, nodetest.Agree(t, n.Nodes()...).Find([]byte(data)), 1)
}

// metric reads one of the plugin's own metrics from the node's page.
func metric(t *testing.T, node *network.Node, name string) int {
	t.Helper()
	status, body := get(t, node.URL()+"/ext/metrics")
	require.Equal(t, http.StatusOK, status)
	prefix := fmt.Sprintf("avalanche_%s_%s{", network.VMID, name)
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
