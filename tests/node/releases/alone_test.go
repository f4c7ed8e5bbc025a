package releases

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// One node that nobody helps goes from timestampvm-rs to this plugin and back, again and again. Each goes on from what it
// last had, and the node with it; what this plugin had accepted that timestampvm-rs does not know is stamped anew.
func TestNodeAloneChangesThereAndBack(t *testing.T) {
	our, peer := programs(t)
	node := startMixed(t, peer)[0]
	nodetest.Stamp(t, node, "timestampvm-rs: 1")

	change(t, node, our)
	require.Len(t, linesWith(t, node, "took over the chain of timestampvm-rs"), 1)
	nodetest.Stamp(t, node, "ours: 1")
	nodetest.Stamp(t, node, "ours: 2")
	requireData(t, node, "timestampvm-rs: 1", "ours: 1", "ours: 2")

	change(t, node, peer)
	nodetest.Stamp(t, node, "timestampvm-rs: 2")
	requireData(t, node, "timestampvm-rs: 1", "timestampvm-rs: 2")

	change(t, node, our)
	requireData(t, node, "timestampvm-rs: 1", "timestampvm-rs: 2", "ours: 1", "ours: 2")
	require.Len(t, linesWith(t, node, "timestampvm-rs went on without these blocks"), 1)

	change(t, node, peer)
	nodetest.Stamp(t, node, "timestampvm-rs: 3")
	change(t, node, our)
	requireData(t, node, "timestampvm-rs: 1", "timestampvm-rs: 2", "timestampvm-rs: 3", "ours: 1", "ours: 2")

	// Without a restart of the program between them, all of it is there again.
	require.NoError(t, node.Stop())
	startAgain(t, node)
	requireData(t, node, "timestampvm-rs: 1", "timestampvm-rs: 2", "timestampvm-rs: 3", "ours: 1", "ours: 2")

	testNothingAccepted(t, our, peer, node)
}

// The node goes back as soon as timestampvm-rs runs, and only the node knows.
func testNothingAccepted(t *testing.T, our, peer network.Program, node *network.Node) {
	change(t, node, peer)
	require.NoError(t, node.Stop())
	require.NoError(t, node.Install(our))
	require.NoError(t, node.Launch())
	nodetest.Eventually(t, func(context.Context) error {
		log, err := os.ReadFile(node.Logs()[0])
		if err == nil && !regexp.MustCompile(`error creating chain .*lower than the inner height index \(5\)`).Match(log) {
			err = errors.New("the node did not refuse the chain")
		}
		return err
	})
	require.NoError(t, node.Stop())

	cures := linesWith(t, node, "timestampvm-rs left off below")
	require.NotEmpty(t, cures)
	require.Contains(t, cures[len(cures)-1], "timestampvm db rollback "+filepath.Join(node.ChainDataDir(), "timestampvm.db")+" --to 3")
	out, err := exec.Command(timestampVM, "db", "rollback", filepath.Join(node.ChainDataDir(), "timestampvm.db"), "--to", "3", "--yes").
		CombinedOutput()
	require.NoError(t, err, "%s", out)
	startAgain(t, node)
	requireData(t, node, "timestampvm-rs: 1", "timestampvm-rs: 2", "timestampvm-rs: 3", "ours: 1", "ours: 2")
	nodetest.Stamp(t, node, "and on")
}
