package releases

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// One node goes from the oldest release to the newest, with the same plugin, the same data and the same chain.
func TestUpgrade(t *testing.T) {
	releases := chosen(t)
	first, rest := releases[0], releases[1:]
	n := startNetwork(t, program(t, first))
	node := n.nodes[0]
	node.requireGrowth(t, node.chain(t), first.Version)

	fact := upgradeFact{Releases: []string{first.Version}}
	for _, release := range rest {
		node.changeTo(t, release)
		fact.Releases = append(fact.Releases, release.Version)
	}
	require.Len(t, node.chain(t), 1+2*len(releases))
	node.stopCleanly(t)
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
			newer, err := Find(step.newer)
			require.NoError(t, err)
			older, err := Find(step.older)
			require.NoError(t, err)
			n := startNetwork(t, program(t, newer))
			node := n.nodes[0]
			node.requireGrowth(t, node.chain(t), newer.Version)
			node.changeTo(t, older)
			node.changeTo(t, newer)
		})
	}
}

// changeTo stops the node and starts it as another release, and requires that the chain goes on.
func (n *Node) changeTo(t *testing.T, release Release) {
	t.Helper()
	before := n.chain(t)
	n.stopCleanly(t)
	require.NoError(t, n.Install(program(t, release)))
	require.NoError(t, n.Start(t.Context()), "%s: %s", release, n.LogTails())
	n.requireGrowth(t, before, release.Version)
}
