package chaos

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/ava-labs/avalanchego/ids"
)

// Digest stands for the data of a proposal.
type Digest [sha256.Size]byte

// DigestOf returns the digest of the data.
func DigestOf(data []byte) Digest {
	return sha256.Sum256(data)
}

// Outcome is what a client knows of a request.
type Outcome int

const (
	// Acknowledged means that the answer was success.
	Acknowledged Outcome = iota
	// Refused means that the data was not taken: nobody listened, or the chain said no.
	Refused
	// Unknown means that there was no such answer. The data may have been taken or not.
	Unknown
)

// Attempt is one request with the data of a proposal.
type Attempt struct {
	Node    int
	Life    int // of the node when the request was sent; each start begins another
	Outcome Outcome
	At      time.Duration // when the outcome was known, since the begin of the run
	// HeadAfter is the last accepted block of the node after the answer, in the same life. It is empty where nobody looked.
	HeadAfter ids.ID
}

// Proposal is one piece of data, which no other proposal has, and all attempts to propose it in the order they were made.
// An attempt begins when the outcome of the one before is known.
type Proposal struct {
	Digest   Digest
	Size     int
	Attempts []Attempt
}

// History is what all clients did. It may be used by many at once.
type History struct {
	lock     sync.Mutex
	byDigest map[Digest]*Proposal
	order    []Digest
	waiting  map[Digest]time.Duration // the last acknowledgement of each proposal that was not seen in a block yet
}

// NewHistory returns an empty history.
func NewHistory() *History {
	return &History{byDigest: map[Digest]*Proposal{}, waiting: map[Digest]time.Duration{}}
}

// Claim takes data for a new proposal. It fails when there is a proposal with this data.
func (h *History) Claim(data []byte) bool {
	h.lock.Lock()
	defer h.lock.Unlock()
	digest := DigestOf(data)
	if h.byDigest[digest] != nil {
		return false
	}
	h.byDigest[digest] = &Proposal{Digest: digest, Size: len(data)}
	h.order = append(h.order, digest)
	return true
}

// Record adds an attempt to a proposal that was claimed.
func (h *History) Record(digest Digest, a Attempt) {
	h.lock.Lock()
	defer h.lock.Unlock()
	p := h.byDigest[digest]
	p.Attempts = append(p.Attempts, a)
	if a.Outcome == Acknowledged {
		h.waiting[digest] = a.At
	}
}

// Waiting counts the proposals that were acknowledged after the given time and are in no block of the picture.
func (h *History) Waiting(after time.Duration, picture *Picture) int {
	h.lock.Lock()
	defer h.lock.Unlock()
	count := 0
	for digest, at := range h.waiting {
		switch {
		case picture.Carries(digest):
			delete(h.waiting, digest)
		case at > after:
			count++
		}
	}
	return count
}

// Proposals returns a copy of all proposals, in the order they were claimed.
func (h *History) Proposals() []Proposal {
	h.lock.Lock()
	defer h.lock.Unlock()
	all := make([]Proposal, len(h.order))
	for i, digest := range h.order {
		all[i] = *h.byDigest[digest]
		all[i].Attempts = append([]Attempt(nil), all[i].Attempts...)
	}
	return all
}
