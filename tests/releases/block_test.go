package releases

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/database"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow/engine/snowman/block"

	"github.com/timestampvm/timestampvm/tests/releases/release"
)

func TestBlockIsTheSameHoweverItIsAskedFor(t *testing.T) {
	s := newSite(t)
	c := open(t, s)
	one, two, three := c.stamp(t, "one"), c.stamp(t, "two"), c.stamp(t, "three")
	c.stamp(t, "which the node's client knows from the start")
	c.close(t)

	c = open(t, s) // with a client that knows none of the others
	requireSame(t, one, c.parse(t, one.Bytes()))
	fetched, err := c.GetBlock(t.Context(), two.ID())
	require.NoError(t, err)
	requireSame(t, two, fetched)
	batch, err := c.BatchedParseBlock(t.Context(), [][]byte{three.Bytes()})
	require.NoError(t, err)
	require.Len(t, batch, 1)
	requireSame(t, three, batch[0])
}

func requireSame(t *testing.T, expected, found release.Block) {
	t.Helper()
	require.Equal(t, expected.ID(), found.ID())
	require.Equal(t, expected.Parent(), found.Parent())
	require.Equal(t, expected.Height(), found.Height())
	require.Equal(t, expected.Timestamp(), found.Timestamp())
	require.Equal(t, expected.Bytes(), found.Bytes())
}

func TestUnknownBlocksAreNotFound(t *testing.T) {
	c := open(t, newSite(t))
	_, err := c.GetBlock(t.Context(), ids.GenerateTestID())
	require.ErrorIs(t, err, database.ErrNotFound)
	_, err = c.GetBlockIDAtHeight(t.Context(), 1)
	require.ErrorIs(t, err, database.ErrNotFound)
	_, err = c.GetBlockIDAtHeight(t.Context(), math.MaxUint64)
	require.ErrorIs(t, err, database.ErrNotFound)
}

// Peers fetch a chain from its head downwards.
func TestAncestorsAreServedToPeers(t *testing.T) {
	c := open(t, newSite(t))
	first := c.head(t)
	one, two, three := c.stamp(t, "one"), c.stamp(t, "two"), c.stamp(t, "three")
	all := [][]byte{three.Bytes(), two.Bytes(), one.Bytes(), first.Bytes()}
	twoAndTheirLengths := len(three.Bytes()) + len(two.Bytes()) + 2*4

	for _, row := range []struct {
		name          string
		id            ids.ID
		blocks, bytes int
		within        time.Duration
		expected      [][]byte
	}{
		{"all", three.ID(), 100, 1 << 20, time.Minute, all},
		{"from the middle", two.ID(), 100, 1 << 20, time.Minute, all[1:]},
		{"two blocks", three.ID(), 2, 1 << 20, time.Minute, all[:2]},
		{"as many bytes as two blocks", three.ID(), 100, twoAndTheirLengths, time.Minute, all[:2]},
		{"one byte less", three.ID(), 100, twoAndTheirLengths - 1, time.Minute, all[:1]},
		// The node subtracts from what a peer asked for, and may come below zero.
		{"no bytes left", three.ID(), 100, -1, time.Minute, all[:1]},
		{"no time left", three.ID(), 100, 1 << 20, -time.Second, all[:1]},
		{"an unknown block", ids.GenerateTestID(), 100, 1 << 20, time.Minute, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			found, err := c.GetAncestors(t.Context(), row.id, row.blocks, row.bytes, row.within)
			require.NoError(t, err)
			require.Len(t, found, len(row.expected))
			for i := range found {
				require.Equal(t, string(row.expected[i]), string(found[i]))
			}
		})
	}
}

func TestOneOfTwoBlocksAtOneHeightWins(t *testing.T) {
	c := open(t, newSite(t))
	c.propose(t, "mine")
	mine := c.build(t)
	theirs := c.parse(t, child(c.head(t), mine.Timestamp(), "theirs"))
	require.NotEqual(t, mine.ID(), theirs.ID())

	require.NoError(t, mine.Verify(t.Context()))
	require.NoError(t, theirs.Verify(t.Context()))
	require.NoError(t, c.SetPreference(t.Context(), theirs.ID()))
	require.NoError(t, theirs.Accept(t.Context()))
	require.NoError(t, mine.Reject(t.Context()))
	require.Equal(t, theirs.ID(), c.whole(t)[1])

	c.accept(t, c.build(t)) // what the rejected block carried
	c.requireShown(t, c.lastAccepted(t), 2, "mine")
}

func TestBadBlocksChangeNothing(t *testing.T) {
	c := open(t, newSite(t))
	c.stamp(t, "one")
	before := c.whole(t)
	head := c.head(t)

	for name, bytes := range map[string][]byte{
		"nothing":   nil,
		"no JSON":   []byte("junk"),
		"no block":  []byte(`{"data":"0x"}`),
		"two":       append(head.Bytes(), head.Bytes()...),
		"cut short": head.Bytes()[:len(head.Bytes())-1],
	} {
		_, err := c.ParseBlock(t.Context(), bytes)
		require.Error(t, err, name)
	}
	_, err := c.BatchedParseBlock(t.Context(), [][]byte{child(head, time.Now(), "fine"), []byte("junk")})
	require.Error(t, err)

	for name, bytes := range map[string][]byte{
		"an hour too early": child(head, time.Now().Add(2*time.Hour), "early"),
		"before its parent": child(head, time.Unix(1, 0), "late"),
		"of no parent":      child(c.parse(t, child(head, time.Now(), "unknown")), time.Now(), "orphan"),
	} {
		require.Error(t, c.parse(t, bytes).Verify(t.Context()), name)
	}
	require.Equal(t, before, c.whole(t))
	c.stamp(t, "goes on")
}

// A peer may ask for summaries all the same. The node would crash on an answer that is neither a summary nor an error.
func TestStateSummariesAreNotThere(t *testing.T) {
	c := open(t, newSite(t))
	ctx := t.Context()
	for name, ask := range map[string]func() (block.StateSummary, error){
		"ongoing":   func() (block.StateSummary, error) { return c.GetOngoingSyncStateSummary(ctx) },
		"last":      func() (block.StateSummary, error) { return c.GetLastStateSummary(ctx) },
		"by height": func() (block.StateSummary, error) { return c.GetStateSummary(ctx, 0) },
		"parsed":    func() (block.StateSummary, error) { return c.ParseStateSummary(ctx, []byte("junk")) },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ask()
			require.Condition(t, func() bool {
				return err == database.ErrNotFound || err == block.ErrStateSyncableVMNotImplemented
			}, "found: %v", err)
		})
	}
}
