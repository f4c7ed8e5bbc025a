package releases

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const bootstrapped = 20

// Nodes of old releases pass proposals and blocks among each other, and the chain to one that lost it.
func TestNetwork(t *testing.T) {
	for _, version := range []string{"v1.8.6", "v1.11.9"} {
		t.Run(version, func(t *testing.T) {
			release, err := Find(version)
			require.NoError(t, err)
			ours := program(t, release)
			n := startNetwork(t, ours, ours, ours)

			for i := range bootstrapped {
				n.nodes[i%len(n.nodes)].stamp(t, fmt.Sprintf("block %d", i))
			}
			requireSameChain(t, n.nodes)

			loser := n.nodes[2]
			before := loser.chain(t)
			loser.stopCleanly(t)
			require.NoError(t, os.RemoveAll(filepath.Join(loser.dir, "db")))
			require.NoError(t, os.RemoveAll(loser.ChainDataDir()))
			require.NoError(t, loser.Start(t.Context()))
			require.Equal(t, before, loser.chain(t))

			for _, node := range n.nodes {
				node.stamp(t, "after a loss: "+node.String())
			}
			requireSameChain(t, n.nodes)
			for _, node := range n.nodes {
				require.Empty(t, node.complaints(t))
				node.stopCleanly(t)
			}
		})
	}
}

// requireSameChain waits until all nodes have the blocks that the first has by then.
func requireSameChain(t *testing.T, nodes []*Node) {
	t.Helper()
	first := nodes[0].chain(t)
	for _, node := range nodes[1:] {
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			chain, err := node.Client().Chain(t.Context())
			require.NoError(c, err)
			require.Equal(c, first, chain)
		}, time.Minute, 100*time.Millisecond)
	}
}
