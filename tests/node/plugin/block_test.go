package plugin

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/database"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow/consensus/snowman"
	"github.com/ava-labs/avalanchego/snow/engine/snowman/block"
)

func TestBlockIsItsCanonicalBytes(t *testing.T) {
	c := open(t, options{})
	accepted := c.stamp(t, "one")
	shown, err := c.Block(t.Context(), accepted.ID())
	require.NoError(t, err)
	require.Equal(t, string(shown.Bytes()), string(accepted.Bytes()))
	require.Equal(t, shown.ID(), accepted.ID())
	require.EqualValues(t, 1, accepted.Height())
	require.WithinDuration(t, time.Now(), accepted.Timestamp(), time.Minute)
	require.Equal(t, "one", string(shown.Data))
}

func TestParseGivesTheKnownID(t *testing.T) {
	c := open(t, options{})
	for _, row := range []struct {
		bytes, id string
		height    uint64
		timestamp int64
	}{
		{
			`{"parent_id":"WFBLfMkNe3gTQ7Vzy3Zo5vBpQD6vq4ebZRRtgt2pVgZxARELB","height":1,"timestamp":1667833896,"data":"0x310a"}`,
			"2pNDPYBHQL8FoL5LZwFWaiCHbwWuTEhZ7aLjKm727g4ff9fDup", 1, 1667833896,
		},
		{
			`{"parent_id":"2pNDPYBHQL8FoL5LZwFWaiCHbwWuTEhZ7aLjKm727g4ff9fDup","height":2,"timestamp":1700000000,"data":"0xa948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447"}`,
			"gK9AFd6kpnkp2fdwHxUZYUbsq27t35KGBxdZ2vviaBuwWLvpk", 2, 1700000000,
		},
		{
			`{"parent_id":"iNXkHJT2LLqRhuozgXEns1K5wYmFRsLscxLL2fSYffrcjn9F8","height":1,"timestamp":1700000000,"data":"0x7b"}`,
			"2p3Wu2FbHtJHmUhfoNs8qJuUy2BTMwUjkwJQJajKxFhxYua8oa", 1, 1700000000,
		},
	} {
		parsed, err := c.vm.ParseBlock(t.Context(), []byte(row.bytes))
		require.NoError(t, err)
		require.Equal(t, row.id, parsed.ID().String())
		require.Equal(t, row.height, parsed.Height())
		require.Equal(t, row.timestamp, parsed.Timestamp().Unix())
	}
}

func TestHeightIsExactOverTheWholeRange(t *testing.T) {
	c := open(t, options{})
	for _, height := range []uint64{0, 1<<53 - 1, 1<<53 + 1, 1<<63 - 1, 1 << 63, math.MaxUint64} {
		b := child(genesisBlock(t, c), time.Unix(1700000000, 0), "far")
		b.Height = height
		parsed, err := c.vm.ParseBlock(t.Context(), b.Bytes())
		require.NoError(t, err)
		require.Equal(t, height, parsed.Height())
	}
}

// The hash of what came over the wire names the block, however it was written.
func TestBlockInAnotherFormKeepsItsBytes(t *testing.T) {
	s := newSite(t)
	c := open(t, options{site: &s})
	canonical := string(child(genesisBlock(t, c), time.Now(), "one").Bytes())
	spaced := strings.Replace(canonical, `,"height"`, ` , "height"`, 1)

	b, err := c.vm.ParseBlock(t.Context(), []byte(spaced))
	require.NoError(t, err)
	c.accept(t, b)
	next := c.stamp(t, "on top")
	require.Equal(t, b.ID(), next.Parent())
	c.close(t)

	c = open(t, options{site: &s})
	kept, err := c.vm.GetBlock(t.Context(), b.ID())
	require.NoError(t, err)
	require.Equal(t, spaced, string(kept.Bytes()))
}

func TestBytesThatAreNoBlockAreRefused(t *testing.T) {
	c := open(t, options{})
	good := string(child(genesisBlock(t, c), time.Now(), "x").Bytes())
	for name, bytes := range map[string]string{
		"nothing":         "",
		"no JSON":         "junk",
		"half a block":    good[:len(good)/2],
		"trailing bytes":  good + "x",
		"null":            "null",
		"no fields":       "{}",
		"height as text":  strings.Replace(good, `"height":1`, `"height":"1"`, 1),
		"odd hex":         strings.Replace(good, `"0x`, `"0x0`, 1),
		"deep nesting":    strings.Repeat("[", 1<<20),
		"binary":          string([]byte{0, 0, 255, 254}),
		"2 MiB of spaces": strings.Repeat(" ", 2<<20),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, err := c.vm.ParseBlock(ctx, []byte(bytes))
			require.Error(t, err)
			require.NoError(t, ctx.Err(), "it was not refused but not answered")
		})
	}
	c.stamp(t, "goes on")
}

func TestBatchedParseKeepsTheOrder(t *testing.T) {
	c := open(t, options{})
	genesis := genesisBlock(t, c)
	var batch [][]byte
	for i := range 20 {
		batch = append(batch, child(genesis, time.Now(), numbered(i)).Bytes())
	}
	parsed, err := c.vm.BatchedParseBlock(t.Context(), batch)
	require.NoError(t, err)
	require.Len(t, parsed, len(batch))
	for i, b := range parsed {
		require.Equal(t, string(batch[i]), string(b.Bytes()))
		require.Equal(t, child(genesis, b.Timestamp(), numbered(i)).ID(), b.ID())
	}

	_, err = c.vm.BatchedParseBlock(t.Context(), [][]byte{[]byte("junk"), child(genesis, time.Now(), "new").Bytes()})
	require.Error(t, err)

	none, err := c.vm.BatchedParseBlock(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestGetBlockKnowsProcessingAndAcceptedBlocksOnly(t *testing.T) {
	c := open(t, options{})
	_, err := c.vm.GetBlock(t.Context(), ids.GenerateTestID())
	require.ErrorIs(t, err, database.ErrNotFound)

	require.NoError(t, c.ProposeBlock(t.Context(), []byte("one")))
	b := c.build(t)
	require.NoError(t, b.Verify(t.Context()))
	_, err = c.vm.GetBlock(t.Context(), b.ID())
	require.NoError(t, err)
	_, err = c.vm.GetBlockIDAtHeight(t.Context(), 1)
	require.ErrorIs(t, err, database.ErrNotFound, "a processing block is in the height index")

	require.NoError(t, c.vm.SetPreference(t.Context(), b.ID()))
	require.NoError(t, b.Accept(t.Context()))
	found, err := c.vm.GetBlock(t.Context(), b.ID())
	require.NoError(t, err)
	require.Equal(t, b.Bytes(), found.Bytes())
}

func TestHeightIndexKnowsAcceptedBlocksOnly(t *testing.T) {
	c := open(t, options{})
	genesis := c.lastAccepted(t)
	first := c.stamp(t, "one")
	for height, want := range map[uint64]ids.ID{0: genesis, 1: first.ID()} {
		id, err := c.vm.GetBlockIDAtHeight(t.Context(), height)
		require.NoError(t, err)
		require.Equal(t, want, id)
	}
	for _, height := range []uint64{2, 1 << 53, 1 << 63, math.MaxUint64} {
		_, err := c.vm.GetBlockIDAtHeight(t.Context(), height)
		require.ErrorIs(t, err, database.ErrNotFound, "height %d", height)
	}
}

func TestAncestorsKeepToTheirBudgets(t *testing.T) {
	c := open(t, options{})
	want := [][]byte{genesisBlock(t, c).Bytes()}
	for i := range 5 {
		want = append([][]byte{c.stamp(t, numbered(i)).Bytes()}, want...)
	}
	head := c.lastAccepted(t)
	const plenty = 1 << 30

	for _, row := range []struct {
		name        string
		count, size int
		time        time.Duration
		blocks      int
	}{
		{"everything", 100, plenty, time.Minute, 6},
		{"count", 3, plenty, time.Minute, 3},
		{"count of one", 1, plenty, time.Minute, 1},
		{"no count", 0, plenty, time.Minute, 1},
		{"negative count", -1, plenty, time.Minute, 1},
		{"size for two with their lengths", 100, len(want[0]) + len(want[1]) + 8, time.Minute, 2},
		{"size one byte short of two", 100, len(want[0]) + len(want[1]) + 7, time.Minute, 1},
		{"no size", 100, 0, time.Minute, 1},
		{"negative size", 100, -5, time.Minute, 1},
		{"negative time", 100, plenty, -time.Second, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := c.vm.GetAncestors(t.Context(), head, row.count, row.size, row.time)
			require.NoError(t, err)
			require.Equal(t, want[:row.blocks], got)
		})
	}

	t.Run("unknown block", func(t *testing.T) {
		got, err := c.vm.GetAncestors(t.Context(), ids.GenerateTestID(), 10, plenty, time.Minute)
		require.NoError(t, err)
		require.Empty(t, got)
	})
	t.Run("the node's own helper agrees", func(t *testing.T) {
		got, err := block.GetAncestors(t.Context(), c.context.Log, c.vm, head, 4, plenty, time.Minute)
		require.NoError(t, err)
		require.Equal(t, want[:4], got)
	})
}

func TestBlockThatBreaksARuleIsNotVerified(t *testing.T) {
	c := open(t, options{})
	parent := c.stamp(t, "parent")
	now := time.Now()

	unknownParent := child(parent, now, "x")
	unknownParent.ParentID = ids.GenerateTestID()
	wrongHeight := child(parent, now, "x")
	wrongHeight.Height++

	for name, b := range map[string]interface{ Bytes() []byte }{
		"unknown parent":        unknownParent,
		"wrong height":          wrongHeight,
		"older than its parent": child(parent, parent.Timestamp().Add(-time.Second), "x"),
		"too far in the future": child(parent, now.Add(time.Hour+time.Minute), "x"),
	} {
		t.Run(name, func(t *testing.T) {
			parsed, err := c.vm.ParseBlock(t.Context(), b.Bytes())
			require.NoError(t, err)
			require.Error(t, parsed.Verify(t.Context()))
		})
	}
	c.stamp(t, "goes on")
}

// A parent may be ahead of our clock, and the chain goes on nevertheless.
func TestBuildOnAParentInTheFuture(t *testing.T) {
	c := open(t, options{})
	ahead, err := c.vm.ParseBlock(t.Context(), child(genesisBlock(t, c), time.Now().Add(59*time.Minute), "ahead").Bytes())
	require.NoError(t, err)
	c.accept(t, ahead)
	require.Equal(t, ahead.Timestamp(), c.stamp(t, "on top").Timestamp())
}

func TestBuildWithNothingPendingIsAnError(t *testing.T) {
	c := open(t, options{})
	_, err := c.vm.BuildBlock(t.Context())
	require.Error(t, err)
}

func TestRejectedDataIsBuiltAgain(t *testing.T) {
	c := open(t, options{})
	genesis := genesisBlock(t, c)
	require.NoError(t, c.ProposeBlock(t.Context(), []byte("mine")))
	mine := c.build(t)
	require.NoError(t, mine.Verify(t.Context()))
	theirs, err := c.vm.ParseBlock(t.Context(), child(genesis, time.Now(), "theirs").Bytes())
	require.NoError(t, err)
	c.accept(t, theirs)
	require.NoError(t, mine.Reject(t.Context()))

	again := c.build(t)
	c.accept(t, again)
	c.waitUntilShown(t)
	shown, err := c.Block(t.Context(), again.ID())
	require.NoError(t, err)
	require.Equal(t, "mine", string(shown.Data))
	require.Len(t, c.requireWhole(t).Find([]byte("mine")), 1)
}

func TestBlocksAreDecidedInAnyShapeOfTree(t *testing.T) {
	c := open(t, options{})
	genesis := genesisBlock(t, c)
	parse := func(parent snowman.Block, data string) snowman.Block {
		parsed, err := c.vm.ParseBlock(t.Context(), child(parent, time.Now(), data).Bytes())
		require.NoError(t, err)
		require.NoError(t, parsed.Verify(t.Context()))
		return parsed
	}
	a := parse(genesis, "a")
	b := parse(genesis, "b")
	aa := parse(a, "aa")
	ab := parse(a, "ab")
	ba := parse(b, "ba")

	// Accept, then the siblings and their descendants are rejected, in no fixed order.
	require.NoError(t, c.vm.SetPreference(t.Context(), aa.ID()))
	require.NoError(t, a.Accept(t.Context()))
	require.NoError(t, ba.Reject(t.Context()))
	require.NoError(t, b.Reject(t.Context()))
	require.NoError(t, aa.Accept(t.Context()))
	require.NoError(t, ab.Reject(t.Context()))
	require.Equal(t, aa.ID(), c.requireWhole(t).Head().ID)
}

func genesisBlock(t testing.TB, c *chain) snowman.Block {
	t.Helper()
	id, err := c.vm.GetBlockIDAtHeight(t.Context(), 0)
	require.NoError(t, err)
	genesis, err := c.vm.GetBlock(t.Context(), id)
	require.NoError(t, err)
	return genesis
}
