package plugin

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

// history is a run of one chain, with both databases copied at some of its moments.
type history struct {
	blocks  [][]byte     // what consensus decided, as peers would send it: block i is at height i+1
	inner   []ids.ID     // the plugin's IDs by height, genesis first
	moments map[int]site // by the number of blocks accepted until then
}

// record runs a chain of as many blocks as the last moment says.
func record(t *testing.T, s site, label string, moments ...int) history {
	t.Helper()
	c := open(t, s)
	h := history{moments: map[int]site{}}
	last := moments[len(moments)-1]
	for height := 0; ; height++ {
		id, err := c.Inner.LastAccepted(t.Context())
		require.NoError(t, err)
		h.inner = append(h.inner, id)
		for _, moment := range moments {
			if moment == height {
				h.moments[height] = s.snapshot(t)
			}
		}
		if height == last {
			break
		}
		h.blocks = append(h.blocks, c.stamp(t, label+" "+numbered(height+1)).Bytes())
	}
	c.close(t)
	return h
}

// Losing power leaves the two databases at different moments. AvalancheGo repairs a plugin that is behind, and never
// starts a chain again whose plugin is ahead: so the plugin must see for itself that it is.
func TestEveryPairOfMomentsComesUp(t *testing.T) {
	moments := []int{0, 1, 2, 3, 5, 8}
	h := record(t, newSite(t), "history", moments...)
	for _, nodeAt := range moments {
		for _, pluginAt := range moments {
			t.Run(fmt.Sprintf("node at %d and plugin at %d", nodeAt, pluginAt), func(t *testing.T) {
				both := combine(t, h.moments[nodeAt], h.moments[pluginAt])
				requireComesUp(t, h, both, min(nodeAt, pluginAt))
			})
		}
	}
}

func TestWipedNodeDatabaseComesUp(t *testing.T) {
	h := record(t, newSite(t), "history", 0, 1, 5)
	for _, pluginAt := range []int{0, 1, 5} {
		t.Run(fmt.Sprintf("plugin at %d", pluginAt), func(t *testing.T) {
			requireComesUp(t, h, combine(t, h.moments[0].otherNode(t), h.moments[pluginAt]), 0)
		})
	}
}

func TestWipedChainDataComesUp(t *testing.T) {
	h := record(t, newSite(t), "history", 0, 1, 5)
	for _, nodeAt := range []int{0, 1, 5} {
		t.Run(fmt.Sprintf("node at %d", nodeAt), func(t *testing.T) {
			requireComesUp(t, h, combine(t, h.moments[nodeAt], newSite(t)), 0)
		})
	}
}

func TestWipedBothComesUp(t *testing.T) {
	h := record(t, newSite(t), "history", 3)
	requireComesUp(t, h, h.moments[3].otherNode(t), 0)
}

// A disk of another node of the same chain, with blocks that this node's database has never heard of.
func TestChainDataOfAnotherNodeComesUp(t *testing.T) {
	mine := newSite(t)
	h := record(t, mine, "mine", 1, 2, 5)
	other := record(t, mine.otherNode(t), "theirs", 1, 2, 5, 8)
	for _, nodeAt := range []int{1, 2, 5} {
		for _, pluginAt := range []int{1, 2, 5, 8} {
			t.Run(fmt.Sprintf("node at %d and plugin at %d", nodeAt, pluginAt), func(t *testing.T) {
				requireComesUp(t, h, combine(t, h.moments[nodeAt], other.moments[pluginAt]), 0)
			})
		}
	}
}

// A backup that took the database file and not its log.
func TestChainDataWithoutItsLogComesUp(t *testing.T) {
	h := record(t, newSite(t), "history", 5)
	s := h.moments[5].snapshot(t)
	logs, err := filepath.Glob(filepath.Join(s.ChainData, "*-wal"))
	require.NoError(t, err)
	for _, log := range logs {
		require.NoError(t, os.Remove(log))
	}
	requireComesUpSomewhere(t, h, s)
}

func requireComesUp(t *testing.T, h history, s site, height int) {
	t.Helper()
	require.Equal(t, height, requireComesUpSomewhere(t, h, s))
}

// requireComesUpSomewhere proves that the site is as good as any: it starts, on a block of the history; it can take the
// rest of the history from peers; it can go on by itself instead; and all of that is still so after one more restart. It
// returns the height at which the chain began.
func requireComesUpSomewhere(t *testing.T, h history, s site) int {
	t.Helper()
	goingOn := s.snapshot(t)

	c := openBootstrapping(t, s)
	began := int(c.height(t))
	requirePrefix(t, h, c.requireWhole(t))
	for _, bytes := range h.blocks[began:] {
		c.execute(t, bytes)
	}
	c.finishBootstrapping(t)
	require.Equal(t, h.inner, blockIDs(c.requireWhole(t)))
	c.stamp(t, "after the history")
	restarted := requireSameAfterRestart(t, c, s)
	restarted.close(t)

	c = open(t, goingOn)
	require.EqualValues(t, began, c.height(t))
	c.stamp(t, "instead of the history")
	c.stamp(t, "and one more")
	restarted = requireSameAfterRestart(t, c, goingOn)
	require.EqualValues(t, began+2, restarted.height(t))
	restarted.close(t)
	return began
}

func requireSameAfterRestart(t *testing.T, c *chain, s site) *chain {
	t.Helper()
	before := c.requireWhole(t)
	outer := c.lastAccepted(t)
	c.close(t)
	c = open(t, s)
	require.Equal(t, before, c.requireWhole(t))
	require.Equal(t, outer, c.lastAccepted(t))
	return c
}

func requirePrefix(t *testing.T, h history, whole client.Chain) {
	t.Helper()
	require.LessOrEqual(t, len(whole), len(h.inner))
	require.Equal(t, h.inner[:len(whole)], blockIDs(whole))
}

func blockIDs(whole client.Chain) []ids.ID {
	found := make([]ids.ID, len(whole))
	for i, link := range whole {
		found[i] = link.ID
	}
	return found
}
