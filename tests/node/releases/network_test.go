package releases

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

const bootstrapped = 20

// Nodes of old releases pass proposals and blocks among each other, and the chain to one that lost it.
func TestNetwork(t *testing.T) {
	for _, version := range []string{"v1.8.6", "v1.11.9"} {
		t.Run(version, func(t *testing.T) {
			program := ours(t, find(t, version))
			nodes := nodetest.Start(t, network.Config{Programs: []network.Program{program, program, program}}).Nodes()
			for i := range bootstrapped {
				nodetest.Stamp(t, nodes[i%len(nodes)], fmt.Sprintf("block %d", i))
			}
			before := nodetest.Agree(t, nodes...)
			require.Len(t, before, 1+bootstrapped)

			loser := nodes[2]
			stopCleanly(t, loser)
			require.NoError(t, os.RemoveAll(loser.DatabaseDir()))
			require.NoError(t, os.RemoveAll(loser.ChainDataDir()))
			require.NoError(t, loser.Start(t.Context()))
			require.Equal(t, before, nodetest.Chain(t, loser))

			for _, node := range nodes {
				nodetest.Stamp(t, node, "after a loss: "+node.String())
			}
			nodetest.Agree(t, nodes...)
			for _, node := range nodes {
				require.Empty(t, complaints(t, node))
				stopCleanly(t, node)
			}
		})
	}
}
