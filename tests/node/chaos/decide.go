package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"github.com/ava-labs/avalanchego/snow/consensus/snowman"
	"github.com/ava-labs/avalanchego/snow/engine/snowman/block"

	statelessblock "github.com/ava-labs/avalanchego/vms/proposervm/block"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

const (
	// deepest is how many blocks wait for a decision at most.
	deepest = 4
	// rivals of a hundred series of blocks lose to a block of a peer.
	rivals = 12
)

// decider plays consensus for one plugin: it builds as often as it may, and accepts or rejects.
type decider struct {
	consensus block.ChainVM
	random    *rand.Rand
	history   *History
	calls     *atomic.Int64
	// The greatest heights for which an Accept was sent, and was answered.
	sent, answered *atomic.Uint64
}

// run ends with the first error.
func (d decider) run(ctx context.Context) error {
	for {
		d.calls.Add(1)
		if _, err := d.consensus.WaitForEvent(ctx); err != nil {
			return fmt.Errorf("WaitForEvent: %w", err)
		}
		series, err := d.build(ctx)
		if err != nil {
			return err
		}
		if d.random.IntN(100) < rivals {
			err = d.lose(ctx, series)
		} else {
			err = d.win(ctx, series)
		}
		if err != nil {
			return err
		}
	}
}

// build makes a series of blocks, each on the one before. The event promises the first.
func (d decider) build(ctx context.Context) ([]snowman.Block, error) {
	var series []snowman.Block
	for range 1 + d.random.IntN(deepest) {
		d.calls.Add(1)
		built, err := d.consensus.BuildBlock(ctx)
		switch {
		case err != nil && len(series) > 0 && ctx.Err() == nil:
			return series, nil // nothing is left to build
		case err != nil:
			return nil, fmt.Errorf("BuildBlock: %w", err)
		}
		if err := d.verify(ctx, built); err != nil {
			return nil, err
		}
		series = append(series, built)
	}
	return series, nil
}

func (d decider) verify(ctx context.Context, b snowman.Block) error {
	d.calls.Add(2)
	if err := b.Verify(ctx); err != nil {
		return fmt.Errorf("BlockVerify: %w", err)
	}
	if err := d.consensus.SetPreference(ctx, b.ID()); err != nil {
		return fmt.Errorf("SetPreference: %w", err)
	}
	return nil
}

func (d decider) win(ctx context.Context, series []snowman.Block) error {
	for _, b := range series {
		if err := d.accept(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// lose accepts the block of a peer in place of the first, and rejects the whole series. What it carried must come back.
func (d decider) lose(ctx context.Context, series []snowman.Block) error {
	rival, err := d.rival(ctx, series)
	if err != nil {
		return err
	}
	if err := d.verify(ctx, rival); err != nil {
		return err
	}
	if err := d.accept(ctx, rival); err != nil {
		return err
	}
	if d.random.IntN(2) == 0 {
		slices.Reverse(series)
	}
	for _, b := range series {
		d.calls.Add(1)
		if err := b.Reject(ctx); err != nil {
			return fmt.Errorf("BlockReject: %w", err)
		}
	}
	return nil
}

func (d decider) accept(ctx context.Context, b snowman.Block) error {
	d.calls.Add(1)
	d.sent.Store(b.Height())
	if err := b.Accept(ctx); err != nil {
		return fmt.Errorf("BlockAccept: %w", err)
	}
	d.answered.Store(b.Height())
	return nil
}

// rival is a block beside the first of the series. Its data is what the last of the series carries, or a peer's own.
func (d decider) rival(ctx context.Context, series []snowman.Block) (snowman.Block, error) {
	first, err := unwrap(series[0])
	if err != nil {
		return nil, err
	}
	last, err := unwrap(series[len(series)-1])
	if err != nil {
		return nil, err
	}
	data := last.inner.Data
	if len(series) == 1 || d.random.IntN(2) == 0 {
		data = fmt.Appendf(nil, "peer %d", d.random.Uint64())
		d.history.Claim(data)
		d.history.Record(DigestOf(data), Attempt{Node: -1, Outcome: Unknown})
	}
	inner := client.Block{
		ParentID: first.inner.ParentID, Height: first.inner.Height, Timestamp: first.inner.Timestamp, Data: data,
	}
	bytes := inner.Bytes()
	if outer := first.outer; outer != nil {
		built, err := statelessblock.BuildUnsigned(
			outer.ParentID(), outer.Timestamp(), outer.PChainHeight(), outer.PChainEpoch(), bytes)
		if err != nil {
			return nil, err
		}
		bytes = built.Bytes()
	}
	d.calls.Add(1)
	parsed, err := d.consensus.ParseBlock(ctx, bytes)
	if err != nil {
		return nil, fmt.Errorf("ParseBlock: %w", err)
	}
	return parsed, nil
}

type unwrapped struct {
	inner client.Block
	outer statelessblock.SignedBlock // nil before the proposervm began to wrap blocks
}

func unwrap(b snowman.Block) (unwrapped, error) {
	bytes := b.Bytes()
	var u unwrapped
	if outer, err := statelessblock.ParseWithoutVerification(bytes); err == nil {
		u.outer = outer.(statelessblock.SignedBlock)
		bytes = outer.Block()
	}
	var err error
	u.inner, err = client.ParseBytes(bytes)
	return u, err
}
