package plugin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"
)

// What an operator rolls back while the node is stopped, the node's own account follows: also below the first block of
// the proposervm, which is at height 2.
func TestRolledBackChainComesUpWithItsPeersOrWithout(t *testing.T) {
	h := record(t, newSite(t), "history", 8)
	for _, height := range []int{0, 1, 2, 3, 5, 7, 8} {
		t.Run(fmt.Sprintf("to %d", height), func(t *testing.T) {
			s := h.moments[8].snapshot(t)
			rollBack(t, s, height)
			requireComesUp(t, h, s, height)
			requireSound(t, s)
		})
	}
}

func TestRolledBackDataIsInOneBlockAgain(t *testing.T) {
	h := record(t, newSite(t), "history", 8)
	for _, height := range []int{0, 1, 2, 5, 7} {
		t.Run(fmt.Sprintf("to %d", height), func(t *testing.T) {
			s := h.moments[8].snapshot(t)
			rollBack(t, s, height)

			c := open(t, s)
			requirePrefix(t, h, c.requireWhole(t))
			require.Equal(t, h.outer(t, c, height), c.lastAccepted(t))
			for range 8 - height {
				c.accept(t, c.build(t))
			}
			c.stamp(t, "after the rollback")
			c = requireSameAfterRestart(t, c, s)
			whole := c.requireWhole(t)
			require.Equal(t, "after the rollback", string(whole.Head().Data))
			require.Len(t, whole, 10)
			for i := 1; i <= 8; i++ {
				require.Len(t, whole.Find([]byte("history "+numbered(i))), 1, "stamp %d", i)
			}
			c.close(t)
			requireSound(t, s)
		})
	}
}

// A backup is as good as the chain it was made of: on the node that made it, whose own account may be older or newer.
func TestImportedChainComesUp(t *testing.T) {
	h := record(t, newSite(t), "history", 1, 5, 8)
	for _, nodeAt := range []int{1, 5, 8} {
		for _, exportedAt := range []int{1, 5, 8} {
			t.Run(fmt.Sprintf("node at %d and export at %d", nodeAt, exportedAt), func(t *testing.T) {
				backup := export(t, h.moments[exportedAt])
				s := combine(t, h.moments[nodeAt], newSite(t))
				restore(t, s, backup)
				requireComesUp(t, h, s, min(nodeAt, exportedAt))
				requireSound(t, s)
			})
		}
	}
	t.Run("another node", func(t *testing.T) {
		s := h.moments[8].otherNode(t)
		restore(t, s, export(t, h.moments[8]))
		requireComesUp(t, h, s, 0)
		requireSound(t, s)
	})
}

func TestImportedChainHasWhatWaited(t *testing.T) {
	s := newSite(t)
	c := open(t, s)
	c.stamp(t, "accepted")
	require.NoError(t, c.ProposeBlock(t.Context(), []byte("waits")))
	before, outer := c.requireWhole(t), c.lastAccepted(t)
	c.close(t)

	backup := export(t, s)
	require.NoError(t, os.RemoveAll(s.ChainData))
	restore(t, s, backup)

	c = open(t, s)
	require.Equal(t, before, c.requireWhole(t))
	require.Equal(t, outer, c.lastAccepted(t))
	c.accept(t, c.build(t))
	require.Equal(t, "waits", string(c.requireWhole(t).Head().Data))
	c.close(t)
	requireSound(t, s)
}

// The block that timestampvm-rs encoded again goes into an export and out of it; once it was taken off, it comes back from
// peers as they received it.
func TestImportedOrRolledBackChainOfTimestampvmRsComesUp(t *testing.T) {
	h := recordPeer(t, 6, 4)
	open(t, h.site).close(t)
	require.Contains(t, requireSound(t, h.site), "encoded again  1 block")

	imported := h
	imported.site = combine(t, h.site, newSite(t))
	restore(t, imported.site, export(t, h.site))
	require.Contains(t, requireSound(t, imported.site), "encoded again  1 block")
	requireTakenOver(t, imported, 6)

	for _, height := range []int{0, 3, 4, 5} {
		t.Run(fmt.Sprintf("to %d", height), func(t *testing.T) {
			rolledBack := h
			rolledBack.site = h.site.snapshot(t)
			rollBack(t, rolledBack.site, height)
			c := openBootstrapping(t, rolledBack.site)
			require.EqualValues(t, height, c.height(t))
			require.Equal(t, h.outer[height], c.lastAccepted(t))
			for _, bytes := range h.bytes[height+1:] {
				c.execute(t, bytes)
			}
			c.finishBootstrapping(t)
			require.Equal(t, h.outer[6], c.lastAccepted(t))
			c.stamp(t, "after the rollback")
			c.close(t)
			requireSound(t, rolledBack.site)
		})
	}
}

// outer is the proposervm's ID at a height.
func (h history) outer(t *testing.T, c *chain, height int) ids.ID {
	t.Helper()
	if height == 0 {
		return h.inner[0]
	}
	parsed, err := c.Consensus.ParseBlock(t.Context(), h.blocks[height-1])
	require.NoError(t, err)
	return parsed.ID()
}

func rollBack(t *testing.T, s site, height int) {
	t.Helper()
	requireSound(t, s)
	runDB(t, "rollback", s.ChainData, "--to", fmt.Sprint(height), "--yes")
	requireSound(t, s)
}

// export returns the path of the file.
func export(t *testing.T, s site) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "chain.jsonl")
	runDB(t, "export", s.ChainData, "--file", file)
	requireSound(t, s)
	return file
}

func restore(t *testing.T, s site, backup string) {
	t.Helper()
	require.NoDirExists(t, s.ChainData)
	runDB(t, "import", s.ChainData, "--file", backup)
	requireSound(t, s)
}

// requireSound returns what the check says.
func requireSound(t *testing.T, s site) string {
	t.Helper()
	said := runDB(t, "check", s.ChainData)
	require.Contains(t, said, "\nsound\n")
	return said
}

// runDB is `timestampvm db` in an operator's shell.
func runDB(t *testing.T, arguments ...string) string {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), binary(t), append([]string{"db"}, arguments...)...).CombinedOutput()
	require.NoError(t, err, "%v: %s", arguments, said)
	return string(said)
}
