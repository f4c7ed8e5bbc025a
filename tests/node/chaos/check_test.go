package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"
)

// world builds evidence by hand: a chain of blocks named by what they carry, and what clients were told.
type world struct {
	chain     []Link
	proposals []Proposal
	wipes     []Wipe
	troubles  []Span
}

// chainOf is a chain whose blocks carry the data, seen one second after the other.
func chainOf(data ...string) *world {
	w := &world{chain: []Link{{ID: ids.GenerateTestID()}}}
	for i, d := range data {
		w.chain = append(w.chain, Link{
			ID: ids.GenerateTestID(), Height: uint64(i + 1), Digest: DigestOf([]byte(d)), Seen: time.Duration(i+1) * time.Second,
		})
	}
	return w
}

func (w *world) proposed(data string, attempts ...Attempt) *world {
	w.proposals = append(w.proposals, Proposal{Digest: DigestOf([]byte(data)), Size: len(data), Attempts: attempts})
	return w
}

// headAt is the ID of the block at a height.
func (w *world) headAt(height int) ids.ID {
	return w.chain[height].ID
}

func (w *world) check() Verdict {
	return Check(Evidence{Proposals: w.proposals, Chain: w.chain, Wipes: w.wipes, Troubles: w.troubles})
}

func (w *world) requireViolation(t *testing.T, text string) {
	t.Helper()
	v := w.check()
	require.Len(t, v.Violations, 1)
	require.Contains(t, v.Violations[0], text)
}

func (w *world) requireFine(t *testing.T) Verdict {
	t.Helper()
	v := w.check()
	require.Empty(t, v.Violations)
	return v
}

var (
	yes   = Attempt{Outcome: Acknowledged}
	no    = Attempt{Outcome: Refused}
	maybe = Attempt{Outcome: Unknown}
)

func TestAcknowledgedProposalInOneBlockIsFine(t *testing.T) {
	v := chainOf("a", "b").proposed("a", yes).proposed("b", yes).requireFine(t)
	require.Equal(t, Verdict{Blocks: 2, Acknowledged: 2, Found: 2}, v)
}

func TestAcknowledgedProposalInNoBlockIsAViolation(t *testing.T) {
	chainOf("a").proposed("a", yes).proposed("b", yes).requireViolation(t, "is in no block")
}

func TestProposalInTwoBlocksIsAViolation(t *testing.T) {
	chainOf("a", "a").proposed("a", yes).requireViolation(t, "is in 2 blocks, at heights [1 2], where 1 are allowed")
}

func TestUnansweredProposalMayBeInOneBlockOrNone(t *testing.T) {
	v := chainOf("a").proposed("a", maybe).proposed("b", maybe).requireFine(t)
	require.Equal(t, Verdict{Blocks: 1, Unknown: 2, UnknownFound: 1}, v)
	chainOf("a", "a").proposed("a", maybe).requireViolation(t, "where 1 are allowed")
}

func TestRefusedProposalInABlockIsAViolation(t *testing.T) {
	chainOf("a").proposed("a", no).requireViolation(t, "where 0 are allowed")
	chainOf().proposed("a", no).requireFine(t)
	chainOf("a", "a").proposed("a", no, yes).requireViolation(t, "where 1 are allowed")
}

func TestBlockThatNobodyProposedIsAViolation(t *testing.T) {
	chainOf("a", "b").proposed("a", yes).requireViolation(t, "height 2 carries data that nobody proposed")
}

func TestBlockOfAStrangerIsFineWhereThereAreSome(t *testing.T) {
	chain := chainOf("a", "b").proposed("a", yes)
	require.Empty(t, Check(Evidence{Proposals: chain.proposals, Chain: chain.chain, Strangers: true}).Violations)
}

func TestProposalAgainAfterItsBlockMayBeInASecondOne(t *testing.T) {
	w := chainOf("a", "b", "a").proposed("b", yes)
	again := yes
	again.HeadAfter = w.headAt(1)
	v := w.proposed("a", yes, again).requireFine(t)
	require.Equal(t, Verdict{Blocks: 3, Acknowledged: 2, Found: 2, Repeated: 1, FoundTwice: 1}, v)
}

func TestProposalAgainWhileItWaitsStaysOne(t *testing.T) {
	w := chainOf("b", "a", "a").proposed("b", yes)
	again := yes
	again.HeadAfter = w.headAt(1)
	w.proposed("a", yes, again).requireViolation(t, "at heights [2 3], where 1 are allowed")
}

func TestProposalAgainMayHaveComeLateWhereNobodyLooked(t *testing.T) {
	chainOf("a", "a").proposed("a", yes, yes).requireFine(t)
	chainOf("a", "a").proposed("a", yes, maybe).requireFine(t)
	chainOf("a", "a").proposed("a", maybe, yes).requireFine(t)
	chainOf("a", "a", "a").proposed("a", yes, yes).requireViolation(t, "where 2 are allowed")
	chainOf("a", "a", "a").proposed("a", maybe, maybe).requireViolation(t, "where 2 are allowed")
}

func TestWipedNodeExcusesWhatOnlyItKnew(t *testing.T) {
	w := chainOf("b").proposed("b", yes).proposed("a", Attempt{Node: 2, Life: 4, At: 10 * time.Second})
	w.requireViolation(t, "is in no block")
	w.wipes = []Wipe{{Node: 2, Life: 4, At: 10*time.Second + gossipTime - time.Millisecond}}
	v := w.requireFine(t)
	require.Equal(t, 1, v.AtRisk)
	require.Equal(t, 1, v.Lost)
}

func TestWipeExcusesNothingElse(t *testing.T) {
	wiped := Attempt{Node: 2, Life: 4, At: 10 * time.Second}
	soon := wiped.At + time.Second
	for name, c := range map[string]struct {
		attempts []Attempt
		wipe     Wipe
	}{
		"another node":         {[]Attempt{wiped}, Wipe{Node: 1, Life: 9, At: soon}},
		"an earlier life":      {[]Attempt{wiped}, Wipe{Node: 2, Life: 3, At: soon}},
		"long enough before":   {[]Attempt{wiped}, Wipe{Node: 2, Life: 4, At: wiped.At + gossipTime}},
		"two nodes had it":     {[]Attempt{wiped, {Node: 1, At: wiped.At}}, Wipe{Node: 2, Life: 4, At: soon}},
		"again after the wipe": {[]Attempt{wiped, {Node: 2, Life: 6, At: soon + 1}}, Wipe{Node: 2, Life: 4, At: soon}},
	} {
		t.Run(name, func(t *testing.T) {
			w := chainOf().proposed("a", c.attempts...)
			w.wipes = []Wipe{c.wipe}
			w.requireViolation(t, "is in no block")
		})
	}
}

func TestTroubleBeforeAWipeMayHaveKeptAProposalFromSpreading(t *testing.T) {
	w := chainOf().proposed("a", Attempt{Node: 2, Life: 4, At: 10 * time.Second})
	w.wipes = []Wipe{{Node: 2, Life: 4, At: 60 * time.Second}}
	w.troubles = []Span{{5 * time.Second, 10 * time.Second}, {60 * time.Second, 70 * time.Second}}
	w.requireViolation(t, "is in no block")
	w.troubles = append(w.troubles, Span{20 * time.Second, 21 * time.Second})
	require.Equal(t, 1, w.requireFine(t).Lost)
}

func TestAcceptedProposalIsNotAtRisk(t *testing.T) {
	w := chainOf("a").proposed("a", Attempt{Node: 2, At: 500 * time.Millisecond})
	w.wipes = []Wipe{{Node: 2, At: 2 * time.Second}}
	require.Zero(t, w.requireFine(t).AtRisk)
}
