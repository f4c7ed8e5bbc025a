package plugin

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow/consensus/snowman"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

// seedEnv repeats one history, which a failed test names.
const seedEnv = "TIMESTAMPVM_TEST_SEED"

// Consensus may come in any order that its rules allow. Whatever it is, the chain is what was accepted, and every
// proposal ends up in it exactly once.
func TestAnyHistoryOfConsensusKeepsChainAndProposals(t *testing.T) {
	const steps = 100
	for _, seed := range seeds(t, 12) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			c := open(t, options{})
			h := &randomHistory{
				chain:      c,
				random:     rand.New(rand.NewPCG(seed, 0)),
				head:       genesisBlock(t, c),
				processing: map[ids.ID]*processingBlock{},
			}
			h.accepted = []ids.ID{h.head.ID()}
			for range steps {
				h.step(t)
			}
			h.settle(t)

			whole := c.requireWhole(t)
			require.Equal(t, h.accepted, blockIDs(whole))
			for _, data := range h.proposed {
				require.Len(t, whole.Find([]byte(data)), 1, "proposal %q", data)
			}
		})
	}
}

func seeds(t *testing.T, count int) []uint64 {
	t.Helper()
	if text := os.Getenv(seedEnv); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		return []uint64{seed}
	}
	seeds := make([]uint64, count)
	for i := range seeds {
		seeds[i] = rand.Uint64()
	}
	return seeds
}

// randomHistory plays consensus, and knows what the plugin should know.
type randomHistory struct {
	*chain
	random     *rand.Rand
	head       snowman.Block
	accepted   []ids.ID
	processing map[ids.ID]*processingBlock
	proposed   []string
	peerBlocks int
	born       int
}

type processingBlock struct {
	snowman.Block
	data string
	born int // counts from the first
}

func (h *randomHistory) step(t *testing.T) {
	switch n := h.random.IntN(100); {
	case n < 25:
		h.propose(t)
	case n < 50:
		h.buildIfPending(t, 20*time.Millisecond)
	case n < 70:
		h.receive(t)
	case n < 75:
		h.verifyAgain(t)
	case n < 85:
		require.NoError(t, h.vm.SetPreference(t.Context(), h.anyTip().ID()))
	default:
		h.decide(t)
	}
}

func (h *randomHistory) propose(t *testing.T) {
	data := fmt.Sprintf("proposal %d", len(h.proposed))
	require.NoError(t, h.ProposeBlock(t.Context(), []byte(data)))
	h.proposed = append(h.proposed, data)
}

func (h *randomHistory) buildIfPending(t *testing.T, wait time.Duration) bool {
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	if _, err := h.vm.WaitForEvent(ctx); err != nil {
		return false
	}
	built, err := h.vm.BuildBlock(t.Context())
	require.NoError(t, err, "the event promised a block")
	h.verify(t, built)
	return true
}

// receive takes a block from a peer. Peers carry data of their own, and what was proposed here.
func (h *randomHistory) receive(t *testing.T) {
	parent := h.anyTip()
	data := fmt.Sprintf("peer %d", h.peerBlocks)
	h.peerBlocks++
	if left := h.notBelow(t, parent); len(left) > 0 && h.random.IntN(4) == 0 {
		data = left[h.random.IntN(len(left))]
	}
	timestamp := time.Unix(max(parent.Timestamp().Unix(), time.Now().Unix()), 0)
	parsed, err := h.vm.ParseBlock(t.Context(), child(parent, timestamp, data).Bytes())
	require.NoError(t, err)
	h.verify(t, parsed)
}

func (h *randomHistory) verify(t *testing.T, b snowman.Block) {
	require.NoError(t, b.Verify(t.Context()))
	shown, err := client.ParseBytes(b.Bytes())
	require.NoError(t, err)
	h.processing[b.ID()] = &processingBlock{Block: b, data: string(shown.Data), born: h.born}
	h.born++
}

func (h *randomHistory) verifyAgain(t *testing.T) {
	if all := h.sorted(); len(all) > 0 {
		require.NoError(t, all[h.random.IntN(len(all))].Verify(t.Context()))
	}
}

// decide accepts a child of the head, and rejects everything that cannot be accepted any more.
func (h *randomHistory) decide(t *testing.T) bool {
	children := h.childrenOf(h.head.ID())
	if len(children) == 0 {
		return false
	}
	chosen := children[h.random.IntN(len(children))]
	require.NoError(t, h.vm.SetPreference(t.Context(), chosen.ID()))
	require.NoError(t, chosen.Accept(t.Context()))
	h.head = chosen.Block
	h.accepted = append(h.accepted, chosen.ID())
	delete(h.processing, chosen.ID())
	for _, sibling := range children {
		if sibling != chosen {
			h.reject(t, sibling)
		}
	}
	require.NoError(t, h.vm.SetPreference(t.Context(), h.anyTip().ID()))
	return true
}

func (h *randomHistory) reject(t *testing.T, b *processingBlock) {
	descendantsFirst := h.random.IntN(2) == 0
	children := h.childrenOf(b.ID())
	delete(h.processing, b.ID())
	if !descendantsFirst {
		require.NoError(t, b.Reject(t.Context()))
	}
	for _, child := range children {
		h.reject(t, child)
	}
	if descendantsFirst {
		require.NoError(t, b.Reject(t.Context()))
	}
}

// settle decides all there is, and builds until nothing is left to build.
func (h *randomHistory) settle(t *testing.T) {
	for {
		for h.decide(t) {
		}
		require.NoError(t, h.vm.SetPreference(t.Context(), h.head.ID()))
		if !h.buildIfPending(t, quiet) {
			return
		}
	}
}

// anyTip is the head or a processing block, as a parent for the next.
func (h *randomHistory) anyTip() snowman.Block {
	all := h.sorted()
	if i := h.random.IntN(len(all) + 1); i < len(all) {
		return all[i].Block
	}
	return h.head
}

// sorted is the processing blocks in the order in which they came, so that a seed can repeat it.
func (h *randomHistory) sorted() []*processingBlock {
	return slices.SortedFunc(maps.Values(h.processing), func(a, b *processingBlock) int {
		return a.born - b.born
	})
}

func (h *randomHistory) childrenOf(id ids.ID) []*processingBlock {
	var children []*processingBlock
	for _, b := range h.sorted() {
		if b.Parent() == id {
			children = append(children, b)
		}
	}
	return children
}

// notBelow returns the proposals that neither the block nor anything below it carries.
func (h *randomHistory) notBelow(t *testing.T, b snowman.Block) []string {
	left := slices.Clone(h.proposed)
	drop := func(data string) {
		left = slices.DeleteFunc(left, func(other string) bool { return other == data })
	}
	for at, ok := h.processing[b.ID()]; ok; at, ok = h.processing[at.Parent()] {
		drop(at.data)
	}
	h.waitUntilShown(t)
	whole, err := h.Chain(t.Context())
	require.NoError(t, err)
	for _, link := range whole {
		drop(string(link.Data))
	}
	return left
}
