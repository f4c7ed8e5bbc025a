package network

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
)

// The tests of the API and of the page that `make test` runs against a development chain.
func TestClientsOfANode(t *testing.T) {
	n := startNetwork(t, 1)
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)

	for _, suite := range []string{"tests/live", "tests/browser"} {
		t.Run(suite, func(t *testing.T) {
			bun := exec.CommandContext(t.Context(), "node_modules/.bin/bun", "test", suite)
			bun.Dir = root
			bun.Env = append(os.Environ(), "TIMESTAMPVM_TEST_URL="+n.nodes[0].ChainURL())
			output, err := bun.CombinedOutput()
			t.Logf("%s", output)
			require.NoError(t, err)
		})
	}
}

func testStatus(t *testing.T, n *Network) {
	for _, node := range n.nodes {
		require.NoError(t, poll.Until(deadline(t, time.Minute), func() error {
			status, err := node.Client().Status(t.Context())
			if err != nil {
				return err
			}
			require.Equal(t, node.ID(), status.NodeID)
			require.Equal(t, n.ChainID(), status.ChainID)
			require.Equal(t, "normal operation", status.State)
			require.NotZero(t, status.NetworkID)
			if status.Peers != len(n.nodes)-1 {
				return fmt.Errorf("%s has %d peers", node.ID(), status.Peers)
			}
			return nil
		}))
	}
}

// Whoever asks another node than the one that took the stamp has the same receipt.
func testReceipts(t *testing.T, n *Network) {
	stamped, err := n.nodes[0].Client().Stamp(t.Context(), []byte("whose receipt is asked for everywhere"))
	require.NoError(t, err)
	require.Contains(t, []string{"pending", "processing", "accepted"}, stamped.Status)
	blocks := map[ids.ID]bool{}
	for _, node := range n.nodes {
		receipt, err := node.Client().AwaitReceipt(t.Context(), stamped.ID)
		require.NoError(t, err)
		require.Equal(t, "accepted", receipt.Status, "on %s", node.ID())
		blocks[receipt.Block.ID] = true
	}
	require.Len(t, blocks, 1)
}
