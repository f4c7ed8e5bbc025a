package releases

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// An operator who names the wrong protocol gets an error in the log for the first process, by which the node only asks
// for the plugin's version. The next one, of the chain, speaks what the node said.
func TestChainStartsAfterARefusedProtocol(t *testing.T) {
	t.Setenv(network.ProtocolEnv, "44")
	for _, version := range []string{"v1.10.12", "v1.14.2"} {
		t.Run(version, func(t *testing.T) {
			node := startOne(t, find(t, version))
			require.NotEmpty(t, linesWith(t, node, "AvalancheGo speaks RPCChainVM protocol"))

			nodetest.Stamp(t, node, "one")
			require.NoError(t, node.Stop())
			require.NoError(t, node.Start(t.Context()))
			nodetest.Stamp(t, node, "two")
			require.Len(t, nodetest.Chain(t, node), 3)
		})
	}
}
