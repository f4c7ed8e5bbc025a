package chaos

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

// Link is a block of the chain, without its data.
type Link struct {
	ID        ids.ID
	ParentID  ids.ID
	Height    uint64
	Timestamp uint64
	Digest    Digest
	Seen      time.Duration // when some node first showed it
}

// Picture is the longest chain that any node has shown. Every node's chain must be a prefix of it. It may be used by many
// at once.
type Picture struct {
	lock     sync.Mutex
	links    []Link
	heights  map[ids.ID]uint64
	byDigest map[Digest][]uint64
}

// NewPicture returns the picture of a chain that has only its first block.
func NewPicture(genesis client.Block) *Picture {
	p := &Picture{heights: map[ids.ID]uint64{}, byDigest: map[Digest][]uint64{}}
	p.push(genesis, 0)
	return p
}

// Observe reads a chain from its head down to what is known, and returns its height. It returns a *Violation when the
// chain is none, or is not the same as what others have shown; other errors say that the chain could not be read.
func (p *Picture) Observe(ctx context.Context, c client.Client, at time.Duration) (uint64, error) {
	head, err := c.LastAccepted(ctx)
	if err != nil {
		return 0, err
	}
	var news []client.Block
	for id := head; !p.Has(id); {
		block, err := c.Block(ctx, id)
		if err != nil {
			return 0, err
		}
		if block.ID() != id {
			return 0, violationf("block %s at height %d hashes to %s", id, block.Height, block.ID())
		}
		if block.Height == 0 {
			return 0, violationf("a second first block %s", id)
		}
		news = append(news, block)
		id = block.ParentID
	}
	slices.Reverse(news)
	if err := p.Attach(news, at); err != nil {
		return 0, err
	}
	height, _ := p.HeightOf(head)
	return height, nil
}

// Attach adds blocks that follow each other and whose first has a known parent.
func (p *Picture) Attach(news []client.Block, at time.Duration) error {
	p.lock.Lock()
	defer p.lock.Unlock()
	for _, block := range news {
		id := block.ID()
		if _, known := p.heights[id]; known {
			continue // somebody else has seen it meanwhile
		}
		head := p.links[len(p.links)-1]
		parent, known := p.heights[block.ParentID]
		switch {
		case !known:
			return violationf("block %s at height %d has the unknown parent %s", id, block.Height, block.ParentID)
		case block.Height != parent+1:
			return violationf("block %s at height %d sits on height %d", id, block.Height, parent)
		case block.ParentID != head.ID:
			return violationf("fork at height %d: %s and %s are both accepted", block.Height, p.links[block.Height].ID, id)
		case block.Timestamp < head.Timestamp:
			return violationf("block %s at height %d is older than its parent", id, block.Height)
		}
		p.push(block, at)
	}
	return nil
}

// Has says whether the block is in the chain.
func (p *Picture) Has(id ids.ID) bool {
	_, known := p.HeightOf(id)
	return known
}

// HeightOf returns the height of a block in the chain.
func (p *Picture) HeightOf(id ids.ID) (uint64, bool) {
	p.lock.Lock()
	defer p.lock.Unlock()
	height, known := p.heights[id]
	return height, known
}

// Height returns the height of the newest block.
func (p *Picture) Height() uint64 {
	p.lock.Lock()
	defer p.lock.Unlock()
	return uint64(len(p.links) - 1)
}

// Carries says whether a block carries the data.
func (p *Picture) Carries(digest Digest) bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	return len(p.byDigest[digest]) > 0
}

// Links returns a copy of the chain, genesis first.
func (p *Picture) Links() []Link {
	p.lock.Lock()
	defer p.lock.Unlock()
	return slices.Clone(p.links)
}

func (p *Picture) push(block client.Block, at time.Duration) {
	link := Link{
		ID: block.ID(), ParentID: block.ParentID, Height: block.Height, Timestamp: block.Timestamp,
		Digest: DigestOf(block.Data), Seen: at,
	}
	p.links = append(p.links, link)
	p.heights[link.ID] = link.Height
	p.byDigest[link.Digest] = append(p.byDigest[link.Digest], link.Height)
}

// Violation is a promise that was not kept.
type Violation struct {
	Text string
}

func (v *Violation) Error() string {
	return v.Text
}

func violationf(format string, values ...any) error {
	return &Violation{Text: fmt.Sprintf(format, values...)}
}
