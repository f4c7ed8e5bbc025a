package releases

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// One node goes from the oldest release to the newest, with the same plugin, the same data and the same chain.
func TestUpgrade(t *testing.T) {
	releases := chosen(t)
	first, rest := releases[0], releases[1:]
	node := startOne(t, first)
	requireGrowth(t, node, nodetest.Chain(t, node), first.Version)

	fact := upgradeFact{Releases: []string{first.Version}}
	for _, release := range rest {
		changeTo(t, node, release)
		fact.Releases = append(fact.Releases, release.Version)
	}
	require.Len(t, nodetest.Chain(t, node), 1+2*len(releases))
	stopCleanly(t, node)
	writeFact(t, "upgrade", fact)
}

// Going back is possible as far as AvalancheGo can read what its newer release wrote. From v1.10.12 and from v1.11.9 its
// P-Chain cannot (trailing buffer space, unknown codec version), and from v1.14.2 its proposervm (unknown type ID 2).
func TestDowngrade(t *testing.T) {
	for _, step := range []struct{ newer, older string }{
		{"v1.9.8", "v1.8.6"},
		{"v1.13.2", "v1.11.9"},
	} {
		t.Run(step.newer+" to "+step.older, func(t *testing.T) {
			newer, older := find(t, step.newer), find(t, step.older)
			node := startOne(t, newer)
			requireGrowth(t, node, nodetest.Chain(t, node), newer.Version)
			changeTo(t, node, older)
			changeTo(t, node, newer)
		})
	}
}

// changeTo stops the node and starts it as another release, and requires that the chain goes on.
func changeTo(t *testing.T, node *network.Node, release network.Release) {
	t.Helper()
	before := nodetest.Chain(t, node)
	stopCleanly(t, node)
	require.NoError(t, node.Install(ours(t, release)))
	require.NoError(t, node.Start(t.Context()), "%s", release)
	requireGrowth(t, node, before, release.Version)
}
