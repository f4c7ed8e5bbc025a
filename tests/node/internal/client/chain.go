package client

import (
	"context"
	"fmt"
	"slices"

	"github.com/ava-labs/avalanchego/ids"
)

// Chain is an accepted chain, genesis first.
type Chain []Link

// Link is a block under the ID it is known by.
type Link struct {
	ID ids.ID
	Block
}

// Chain reads the whole accepted chain: from the last accepted block along the parents down to genesis. It fails on
// anything that is no chain: a gap in the heights, time running backwards, or a block whose ID is not the hash of its
// bytes.
func (c Client) Chain(ctx context.Context) (Chain, error) {
	return c.ChainAfter(ctx, ids.Empty)
}

// ChainAfter is Chain without the block with the given ID and everything below it.
func (c Client) ChainAfter(ctx context.Context, known ids.ID) (Chain, error) {
	id, err := c.LastAccepted(ctx)
	if err != nil {
		return nil, err
	}
	var chain Chain
	for id != known {
		block, err := c.Block(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("block %s: %w", id, err)
		}
		chain = append(chain, Link{ID: id, Block: block})
		if block.Height == 0 {
			break
		}
		id = block.ParentID
	}
	slices.Reverse(chain)
	return chain, chain.check()
}

// Head returns the newest block.
func (c Chain) Head() Link {
	return c[len(c)-1]
}

// Find returns the IDs of the blocks that carry the data.
func (c Chain) Find(data []byte) []ids.ID {
	var found []ids.ID
	for _, link := range c {
		if string(link.Data) == string(data) {
			found = append(found, link.ID)
		}
	}
	return found
}

func (c Chain) check() error {
	for i, link := range c {
		switch {
		case link.Block.ID() != link.ID:
			return fmt.Errorf("block %s at height %d hashes to %s", link.ID, link.Height, link.Block.ID())
		case link.Height == 0 && link.ParentID != ids.Empty:
			return fmt.Errorf("genesis %s has the parent %s", link.ID, link.ParentID)
		case i > 0 && link.Height != c[i-1].Height+1:
			return fmt.Errorf("block %s at height %d sits on height %d", link.ID, link.Height, c[i-1].Height)
		case i > 0 && link.Timestamp < c[i-1].Timestamp:
			return fmt.Errorf("block %s is older than its parent", link.ID)
		}
	}
	return nil
}
