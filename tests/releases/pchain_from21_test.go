//go:build !until20

package releases

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/snow/engine/snowman/block"
)

// Once a chain has blocks of the proposervm, the node names a height of the P-chain to build for. The plugin has no use
// for it, and says so.
func TestHeightOfThePChainChangesNothing(t *testing.T) {
	c := open(t, newSite(t))
	c.propose(t, "one")
	c.awaitEvent(t)
	built, err := c.BuildBlockWithContext(t.Context(), &block.Context{PChainHeight: 7})
	require.NoError(t, err)
	wants, err := built.(block.WithVerifyContext).ShouldVerifyWithContext(t.Context())
	require.NoError(t, err)
	require.False(t, wants)
	c.accept(t, built)
	c.requireShown(t, built.ID(), 1, "one")
}
