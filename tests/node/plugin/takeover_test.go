package plugin

import (
	"crypto/sha256"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/database"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow/consensus/snowman"
	"github.com/ava-labs/avalanchego/vms/proposervm/block"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/host"
)

// peerHistory is a chain that timestampvm-rs ran: what the node knows of it. By height, genesis first.
type peerHistory struct {
	site  site
	outer []ids.ID // the proposervm's
	inner []ids.ID
	bytes [][]byte // as peers would send them
}

// The node commits a block before the plugin accepts it, so after a change of plugins both know the same head.
func TestChainOfTimestampvmRsIsTakenOver(t *testing.T) {
	requireTakenOver(t, recordPeer(t, 6, 0), 6)
}

// timestampvm-rs encodes a block again when it stores it, and a space is lost. The chain keeps the block under its ID:
// left out, it and all above it would be lost to a network whose nodes all change plugins.
func TestChainWithBlockThatWasEncodedAgainIsTakenOver(t *testing.T) {
	for name, spaced := range map[string]int{
		"before the proposervm": 1, "the first of the proposervm": 2, "one in the middle": 4, "the head": 6,
	} {
		t.Run(name, func(t *testing.T) {
			requireTakenOver(t, recordPeer(t, 6, spaced), 6)
		})
	}
}

// Then the plugin begins at genesis, the node follows, and takes the rest from peers.
func TestChainOfWhichTimestampvmRsLostBlockIsTakenOver(t *testing.T) {
	h := recordPeer(t, 6, 0)
	withNodeDB(t, h.site, func(db database.Database) {
		require.NoError(t, db.Delete(peerKey(h.inner[3])))
	})
	requireTakenOver(t, h, 0)
}

// On a node alone, timestampvm-rs goes on from where it left off when it is back, and the proposervm with it.
func TestChainThatTimestampvmRsWentOnWithIsFollowed(t *testing.T) {
	s := recordPeer(t, 3, 0).site
	for round, height := range []uint64{3, 5} {
		c := open(t, s)
		require.EqualValues(t, height, c.height(t))
		if round > 0 {
			c.accept(t, c.build(t))
			c.accept(t, c.build(t))
		} else {
			c.stamp(t, "ours 1")
			c.stamp(t, "ours 2")
		}
		require.EqualValues(t, height+2, c.height(t))
		c.close(t)
		playPeer(t, s, numbered(round)+" of timestampvm-rs", numbered(round)+" of timestampvm-rs, too")
	}

	c := open(t, s)
	require.EqualValues(t, 7, c.height(t))
	c.accept(t, c.build(t))
	c.accept(t, c.build(t))
	c.stamp(t, "and on")
	c = requireSameAfterRestart(t, c, s)
	whole := c.requireWhole(t)
	require.Len(t, whole, 11)
	for at, data := range []string{"ours 1", "ours 2", "and on"} {
		require.Equal(t, data, string(whole[8+at].Data))
	}
	c.close(t)
	requireSound(t, s)
}

// The proposervm goes back as soon as timestampvm-rs is there, which writes nothing until it accepts a block.
func TestChainThatTimestampvmRsOnlyOpenedComesUpAfterARollback(t *testing.T) {
	s := recordPeer(t, 3, 0).site
	c := open(t, s)
	c.stamp(t, "ours")
	c.close(t)
	playPeer(t, s)

	refused := launch(t, s)
	require.ErrorContains(t, refused.Initialize(genesisData), "should never be lower than the inner height index")
	require.NoError(t, refused.Close())
	rollBack(t, s, 3)
	c = open(t, s)
	require.EqualValues(t, 3, c.height(t))
	c.accept(t, c.build(t))
	whole := c.requireWhole(t)
	require.Equal(t, "ours", string(whole.Head().Data))
	c.close(t)
	requireSound(t, s)
}

// playPeer does what timestampvm-rs would with the chain that it left in the node's database: our plugin, which knows
// nothing else of the chain, makes the blocks.
func playPeer(t *testing.T, s site, data ...string) {
	t.Helper()
	ours := [][]byte{[]byte("timestampvm/v1/head"), []byte("timestampvm/v1/rs-head")}
	var kept [][]byte
	withNodeDB(t, s, func(db database.Database) {
		for _, key := range ours {
			value, err := db.Get(key)
			require.NoError(t, err)
			kept = append(kept, value)
			require.NoError(t, db.Delete(key))
		}
	})
	other := s
	other.ChainData = t.TempDir()
	c := open(t, other)
	var blocks [][]byte
	for _, text := range data {
		c.stamp(t, text)
		id, err := c.Inner.LastAccepted(t.Context())
		require.NoError(t, err)
		inner, err := c.Inner.GetBlock(t.Context(), id)
		require.NoError(t, err)
		blocks = append(blocks, inner.Bytes())
	}
	c.close(t)
	withNodeDB(t, s, func(db database.Database) {
		for _, bytes := range blocks {
			id := ids.ID(sha256.Sum256(bytes))
			require.NoError(t, db.Put(peerKey(id), peerValue(t, bytes)))
			require.NoError(t, db.Put([]byte("last_accepted_block"), id[:]))
		}
		for i, key := range ours {
			require.NoError(t, db.Put(key, kept[i]))
		}
	})
}

// recordPeer runs a chain, and leaves it as timestampvm-rs would: in the node's database, and with nothing in the chain
// data directory. The block at height spaced has a space in it.
func recordPeer(t *testing.T, height, spaced int) peerHistory {
	t.Helper()
	h := peerHistory{site: newSite(t)}
	c := open(t, h.site)
	values := map[ids.ID][]byte{}
	h.bytes = append(h.bytes, nil)
	for at := 0; ; at++ {
		inner, err := c.Inner.LastAccepted(t.Context())
		require.NoError(t, err)
		stored, err := c.Inner.GetBlock(t.Context(), inner)
		require.NoError(t, err)
		h.outer = append(h.outer, c.lastAccepted(t))
		h.inner = append(h.inner, inner)
		values[inner] = peerValue(t, stored.Bytes())
		if at == height {
			break
		}
		require.NoError(t, c.ProposeBlock(t.Context(), []byte(numbered(at+1))))
		next := c.build(t)
		if at+1 == spaced {
			next = c.withSpace(t, next)
		}
		c.accept(t, next)
		h.bytes = append(h.bytes, next.Bytes())
	}
	c.close(t)
	require.NoError(t, os.RemoveAll(h.site.ChainData))
	withNodeDB(t, h.site, func(db database.Database) {
		require.NoError(t, db.Delete([]byte("timestampvm/v1/head")))
		for id, value := range values {
			require.NoError(t, db.Put(peerKey(id), value))
		}
		require.NoError(t, db.Put([]byte("last_accepted_block"), h.inner[height][:]))
	})
	return h
}

// requireTakenOver proves that the plugin begins at a height, that the node follows it there, and that the chain comes
// back to the node's head and goes on.
func requireTakenOver(t *testing.T, h peerHistory, height int) {
	t.Helper()
	c := openBootstrapping(t, h.site)
	require.EqualValues(t, height, c.height(t))
	require.Equal(t, h.outer[height], c.lastAccepted(t))
	for _, bytes := range h.bytes[height+1:] {
		c.execute(t, bytes)
	}
	c.finishBootstrapping(t)
	c.stamp(t, "after timestampvm-rs")
	for range 2 {
		for at, id := range h.inner {
			indexed, err := c.Inner.GetBlockIDAtHeight(t.Context(), uint64(at))
			require.NoError(t, err)
			require.Equal(t, id, indexed)
			stored, err := c.Inner.GetBlock(t.Context(), id)
			require.NoError(t, err)
			require.EqualValues(t, at, stored.Height())
		}
		require.EqualValues(t, len(h.inner), c.height(t))
		c.close(t)
		c = open(t, h.site)
	}
	c.close(t)
}

// withSpace is a block that another program than timestampvm-rs would have built.
func (c *chain) withSpace(t *testing.T, built snowman.Block) snowman.Block {
	t.Helper()
	spaced := spacedBytes(built.Bytes())
	if built.Height() > 1 {
		envelope, err := block.Parse(built.Bytes(), c.Context.ChainID)
		require.NoError(t, err)
		signed := envelope.(block.SignedBlock)
		again, err := block.BuildUnsigned(signed.ParentID(), signed.Timestamp(), signed.PChainHeight(), signed.PChainEpoch(),
			spacedBytes(signed.Block()))
		require.NoError(t, err)
		spaced = again.Bytes()
	}
	parsed, err := c.Consensus.ParseBlock(t.Context(), spaced)
	require.NoError(t, err)
	return parsed
}

func spacedBytes(canonical []byte) []byte {
	return append([]byte("{ "), canonical[1:]...)
}

// withNodeDB works on what a stopped node lends the plugin.
func withNodeDB(t *testing.T, s site, work func(database.Database)) {
	t.Helper()
	require.NoError(t, host.WithDatabase(s.Site, func(db database.Database) error {
		work(db)
		return nil
	}))
}

func peerKey(id ids.ID) []byte {
	return append([]byte{0, '/'}, id[:]...)
}

// peerValue is what timestampvm-rs stores of a block: the canonical form, as a list of numbers.
func peerValue(t *testing.T, received []byte) []byte {
	t.Helper()
	var fields client.Block
	require.NoError(t, json.Unmarshal(received, &fields))
	var numbers []int
	for _, b := range fields.Bytes() {
		numbers = append(numbers, int(b))
	}
	value, err := json.Marshal(struct {
		BlockBytes []int  `json:"block_bytes"`
		Status     string `json:"status"`
	}{numbers, "Accepted"})
	require.NoError(t, err)
	return value
}
