package chaos

import (
	"fmt"
	"time"

	"github.com/ava-labs/avalanchego/ids"
)

// gossipTime is more than enough for a proposal to reach another node while no fault is about.
const gossipTime = 5 * time.Second

// Wipe is the end of a node's life in which its mempool was lost too.
type Wipe struct {
	Node int
	Life int           // the life that ended
	At   time.Duration // when the node went down
}

// Span is a time in which some node was not what it should be.
type Span struct {
	From, To time.Duration
}

// Evidence is all that a run has left.
type Evidence struct {
	Proposals []Proposal
	Chain     []Link
	Wipes     []Wipe
	Troubles  []Span
	Strangers bool // propose too, and nobody keeps a list of what
}

// Verdict is the outcome of a run.
type Verdict struct {
	Blocks       int
	Acknowledged int // proposals with an acknowledged attempt
	Found        int // those of them that are in the chain
	AtRisk       int // those of them that waited only on a node that lost everything
	Lost         int // those at risk that are not in the chain
	Unknown      int // proposals whose attempts all ended without an answer
	UnknownFound int
	Repeated     int // proposals that were proposed again on purpose
	FoundTwice   int // those of them that are in more than one block
	Violations   []string
}

// Check compares what clients were told with what became of it.
//
// Lower bound. An acknowledged proposal is in some block. The one excuse is a wipe: what was acknowledged by a node that
// lost its whole mempool before a block carried it, and may not have reached another node by then. It must have reached
// one if there was no fault between the acknowledgement and the wipe, and gossipTime to do it.
//
// Upper bound. A node keeps the same data once while it waits, and drops it when it accepts a block with it. So another
// block with the same data needs another attempt, and that one must have been served by a node that had already accepted
// the first block: an attempt after which the node's head was still below that block added nothing. Where nobody looked
// at the head, or the attempt has no outcome, it may have come late. What was refused is in no block.
//
// And no block carries what nobody proposed, where all who propose are known.
func Check(e Evidence) Verdict {
	c := checker{Evidence: e, heights: map[ids.ID]uint64{}, blocks: map[Digest][]Link{}}
	for _, link := range e.Chain {
		c.heights[link.ID] = link.Height
		if link.Height > 0 {
			c.blocks[link.Digest] = append(c.blocks[link.Digest], link)
		}
	}
	c.verdict.Blocks = len(e.Chain) - 1
	known := map[Digest]bool{}
	for _, p := range e.Proposals {
		known[p.Digest] = true
		c.check(p)
	}
	for _, link := range e.Chain {
		if link.Height > 0 && !known[link.Digest] && !e.Strangers {
			c.violate("the block at height %d carries data that nobody proposed", link.Height)
		}
	}
	return c.verdict
}

type checker struct {
	Evidence
	heights map[ids.ID]uint64
	blocks  map[Digest][]Link
	verdict Verdict
}

func (c *checker) check(p Proposal) {
	blocks := c.blocks[p.Digest]
	counts := map[Outcome]int{}
	for _, a := range p.Attempts {
		counts[a.Outcome]++
	}
	if counts[Acknowledged] > 0 {
		c.checkFound(p, blocks)
	} else if counts[Unknown] > 0 {
		c.verdict.Unknown++
		if len(blocks) > 0 {
			c.verdict.UnknownFound++
		}
	}
	if counts[Acknowledged]+counts[Unknown] > 1 {
		c.verdict.Repeated++
		if len(blocks) > 1 {
			c.verdict.FoundTwice++
		}
	}
	if allowed := c.allowed(p, blocks); len(blocks) > allowed {
		c.violate("%s is in %d blocks, at heights %v, where %d are allowed", describe(p), len(blocks), heightsOf(blocks), allowed)
	}
}

func (c *checker) checkFound(p Proposal, blocks []Link) {
	c.verdict.Acknowledged++
	atRisk := c.atRisk(p, blocks)
	if atRisk {
		c.verdict.AtRisk++
	}
	switch {
	case len(blocks) > 0:
		c.verdict.Found++
	case atRisk:
		c.verdict.Lost++
	default:
		c.violate("%s was acknowledged, and is in no block", describe(p))
	}
}

// atRisk says whether everybody who acknowledged the proposal may have been alone with it, and lost it.
func (c *checker) atRisk(p Proposal, blocks []Link) bool {
	for _, a := range p.Attempts {
		if a.Outcome == Acknowledged && !c.mayBeWiped(a, blocks) {
			return false
		}
	}
	return true
}

func (c *checker) mayBeWiped(a Attempt, blocks []Link) bool {
	for _, w := range c.Wipes {
		accepted := len(blocks) > 0 && blocks[0].Seen < w.At
		waited := w.Node == a.Node && w.Life >= a.Life && !accepted
		spread := w.At-a.At >= gossipTime && !c.trouble(a.At, w.At)
		if waited && !spread {
			return true
		}
	}
	return false
}

func (c *checker) trouble(from, to time.Duration) bool {
	for _, span := range c.Troubles {
		if span.From < to && span.To > from {
			return true
		}
	}
	return false
}

func (c *checker) allowed(p Proposal, blocks []Link) int {
	taken, late := 0, 0
	for i, a := range p.Attempts {
		if a.Outcome == Refused {
			continue
		}
		taken++
		// Nobody had proposed the data before the first attempt, so no block can have been there before.
		first := i == 0 && a.Outcome == Acknowledged
		if !first && c.mayBeLate(a, blocks) {
			late++
		}
	}
	return min(taken, 1+late)
}

func (c *checker) mayBeLate(a Attempt, blocks []Link) bool {
	if a.Outcome == Unknown || a.HeadAfter == ids.Empty || len(blocks) == 0 {
		return true
	}
	height, known := c.heights[a.HeadAfter]
	return !known || height >= blocks[0].Height
}

func (c *checker) violate(format string, values ...any) {
	c.verdict.Violations = append(c.verdict.Violations, fmt.Sprintf(format, values...))
}

func describe(p Proposal) string {
	text := fmt.Sprintf("proposal %x… of %d bytes", p.Digest[:6], p.Size)
	for _, a := range p.Attempts {
		text += fmt.Sprintf(", %s by node %d in life %d at %.3f s", a.Outcome, a.Node+1, a.Life, a.At.Seconds())
	}
	return text
}

func (o Outcome) String() string {
	return [...]string{"acknowledged", "refused", "not answered"}[o]
}

func heightsOf(blocks []Link) []uint64 {
	heights := make([]uint64, len(blocks))
	for i, block := range blocks {
		heights[i] = block.Height
	}
	return heights
}
