//go:build linux

package releases

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
)

// One node that nobody helps goes from timestampvm-rs to this plugin and back, again and again. Each goes on from what it
// last had, and the node with it; what this plugin had accepted that timestampvm-rs does not know is stamped anew.
func TestNodeAloneChangesThereAndBack(t *testing.T) {
	m := startMixed(t, "v1.10.12", func(_, peers Program) []Program { return []Program{peers} })
	node := m.nodes[0]
	node.stamp(t, "timestampvm-rs: 1")

	node.change(t, m.ours)
	require.Len(t, node.linesWith(t, "took over the chain of timestampvm-rs"), 1)
	node.stamp(t, "ours: 1")
	node.stamp(t, "ours: 2")
	node.requireData(t, "timestampvm-rs: 1", "ours: 1", "ours: 2")

	node.change(t, m.peers)
	node.stamp(t, "timestampvm-rs: 2")
	node.requireData(t, "timestampvm-rs: 1", "timestampvm-rs: 2")

	node.change(t, m.ours)
	node.requireData(t, "timestampvm-rs: 1", "timestampvm-rs: 2", "ours: 1", "ours: 2")
	require.Len(t, node.linesWith(t, "timestampvm-rs went on without these blocks"), 1)

	node.change(t, m.peers)
	node.stamp(t, "timestampvm-rs: 3")
	node.change(t, m.ours)
	node.requireData(t, "timestampvm-rs: 1", "timestampvm-rs: 2", "timestampvm-rs: 3", "ours: 1", "ours: 2")

	// Without a restart of the program between them, all of it is there again.
	require.NoError(t, node.Stop())
	node.startAtLast(t)
	node.requireData(t, "timestampvm-rs: 1", "timestampvm-rs: 2", "timestampvm-rs: 3", "ours: 1", "ours: 2")

	testNothingAccepted(t, m, node)
}

// The node goes back as soon as timestampvm-rs runs, and only the node knows.
func testNothingAccepted(t *testing.T, m *mixedNetwork, node *Node) {
	node.change(t, m.peers)
	require.NoError(t, node.Stop())
	require.NoError(t, node.Install(m.ours))
	node.atLast(t, node.learnID)
	ctx := deadline(t, agreementLimit)
	require.NoError(t, poll.Until(ctx, func() error {
		log, err := os.ReadFile(filepath.Join(node.dir, "logs", "main.log"))
		if err == nil && !regexp.MustCompile(`error creating chain .*lower than the inner height index \(5\)`).Match(log) {
			err = errors.New("the node did not refuse the chain")
		}
		return err
	}))
	require.NoError(t, node.Stop())

	cures := node.linesWith(t, "timestampvm-rs left off below")
	require.NotEmpty(t, cures)
	require.Contains(t, cures[len(cures)-1], "timestampvm db rollback "+filepath.Join(node.ChainDataDir(), "timestampvm.db")+" --to 3")
	out, err := exec.Command(timestampVM, "db", "rollback", filepath.Join(node.ChainDataDir(), "timestampvm.db"), "--to", "3").
		CombinedOutput()
	require.NoError(t, err, "%s", out)
	node.startAtLast(t)
	node.requireData(t, "timestampvm-rs: 1", "timestampvm-rs: 2", "timestampvm-rs: 3", "ours: 1", "ours: 2")
	node.stamp(t, "and on")
}

// requireData waits until the chain carries that behind its first block, and requires that it carries no more.
func (n *Node) requireData(t *testing.T, data ...string) {
	t.Helper()
	require.NoError(t, poll.Until(deadline(t, agreementLimit), func() error {
		chain, err := n.Client().Chain(t.Context())
		if err == nil && len(chain) <= len(data) {
			err = errors.New("not all is accepted yet")
		}
		return err
	}))
	require.Equal(t, data, dataOf(n.chain(t)[1:]))
}
