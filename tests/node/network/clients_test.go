package network_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// A node alone answers the tests of the API and of the page that `make test-binary` runs against a development chain.
func TestNodeAlone(t *testing.T) {
	n := nodetest.Start(t, ourNetwork(t, 1))
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)

	for _, suite := range []string{"tests/live", "tests/browser"} {
		t.Run(suite, func(t *testing.T) {
			bun := exec.CommandContext(t.Context(), "node_modules/.bin/bun", "test", "--timeout=300000", suite)
			bun.Dir = root
			bun.Env = append(os.Environ(), "TIMESTAMPVM_TEST_URL="+n.Nodes()[0].ChainURL())
			output, err := bun.CombinedOutput()
			t.Logf("%s", output)
			require.NoError(t, err)
		})
	}
	before := nodetest.Chain(t, n.Nodes()[0])
	require.NoError(t, n.Restart(t.Context()))
	nodetest.Stamp(t, n.Nodes()[0], "after a restart")
	require.Equal(t, before, nodetest.Chain(t, n.Nodes()[0])[:len(before)])
}

func testStatus(t *testing.T, n *network.Network) {
	for _, node := range n.Nodes() {
		nodetest.Eventually(t, func(ctx context.Context) error {
			status, err := node.Client().Status(ctx)
			if err != nil {
				return err
			}
			require.Equal(t, node.ID(), status.NodeID)
			require.Equal(t, n.ChainID(), status.ChainID)
			require.Equal(t, "normal operation", status.State)
			require.NotZero(t, status.NetworkID)
			if status.Peers != len(n.Nodes())-1 {
				return fmt.Errorf("%s has %d peers", node, status.Peers)
			}
			return nil
		})
	}
}

// Whoever asks another node than the one that took the stamp has the same receipt.
func testReceipts(t *testing.T, n *network.Network) {
	stamped, err := n.Nodes()[0].Client().Stamp(t.Context(), []byte("whose receipt is asked for everywhere"))
	require.NoError(t, err)
	require.Contains(t, []string{"pending", "processing", "accepted"}, stamped.Status)
	blocks := map[ids.ID]bool{}
	for _, node := range n.Nodes() {
		nodetest.Eventually(t, func(ctx context.Context) error {
			receipt, err := node.Client().AwaitReceipt(ctx, stamped.ID)
			if err == nil && receipt.Status != "accepted" {
				err = fmt.Errorf("it is %s on %s", receipt.Status, node)
			}
			blocks[receipt.Block.ID] = true
			return err
		})
	}
	delete(blocks, ids.Empty)
	require.Len(t, blocks, 1)
}
