package releases

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// An operator who names the wrong protocol gets an error in the log for the first process, by which the node only asks
// for the plugin's version. The next one, of the chain, speaks what the node said.
func TestChainStartsAfterARefusedProtocol(t *testing.T) {
	t.Setenv(override, "44")
	for _, version := range []string{"v1.10.12", "v1.14.2"} {
		t.Run(version, func(t *testing.T) {
			release, err := Find(version)
			require.NoError(t, err)
			node := startNetwork(t, program(t, release)).nodes[0]
			require.NotEmpty(t, node.linesWith(t, "AvalancheGo speaks RPCChainVM protocol"))

			node.stamp(t, "one")
			require.NoError(t, node.Stop())
			require.NoError(t, node.Start(t.Context()))
			node.stamp(t, "two")
			require.Len(t, node.chain(t), 3)
		})
	}
}
