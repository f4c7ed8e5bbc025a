package chaos

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

// door is where clients find one node. It stays where it is over all lives of the node.
type door struct {
	node   int
	client client.Client
	life   atomic.Int64
}

func newDoor(node int, url string) *door {
	// Connections of its own: what hangs at one node must not keep others waiting.
	transport := &http.Transport{MaxIdleConnsPerHost: 32, DialContext: (&net.Dialer{Timeout: 2 * time.Second}).DialContext}
	return &door{node: node, client: client.Client{URL: url, HTTP: &http.Client{Transport: transport}}}
}

// Load is what clients do all the time.
type Load struct {
	Clients int
	Pause   time.Duration // of each client between two proposals, in the mean
	Backlog int           // clients wait while so many acknowledged proposals are in no block
	Timeout time.Duration // of a request
}

const (
	// staleAfter is when the backlog no longer counts a proposal. What is lost must not stop the load.
	staleAfter = 2 * time.Minute
	// remembered is how many proposals a client keeps to propose them again.
	remembered = 40
)

// drive lets all clients work until the context ends, and returns when all of their requests have an outcome.
func (l Load) drive(ctx context.Context, r *run, doors []*door, seed uint64) {
	var (
		clients sync.WaitGroup
		full    atomic.Bool
	)
	clients.Go(func() {
		for sleep(ctx, 200*time.Millisecond) {
			full.Store(r.history.Waiting(r.now()-staleAfter, r.picture) >= l.Backlog)
		}
	})
	for i := range l.Clients {
		clients.Go(func() {
			c := proposer{Load: l, run: r, doors: doors, random: rand.New(rand.NewPCG(seed, uint64(i)+1))}
			for sleep(ctx, time.Duration(c.random.Float64()*2*float64(l.Pause))) {
				if !full.Load() {
					c.step()
				}
			}
		})
	}
	clients.Wait()
}

// proposer is one client.
type proposer struct {
	Load
	run    *run
	doors  []*door
	random *rand.Rand
	mine   [][]byte
	last   int // the node of the last attempt
}

// step proposes something new, or something again: at the same node while it waits there, at another node, after an
// attempt without an answer, or after it was accepted.
func (p *proposer) step() {
	any := p.doors[p.random.IntN(len(p.doors))]
	if n := p.random.IntN(100); n >= 85 && len(p.mine) > 0 {
		newest := p.mine[len(p.mine)-1]
		switch {
		case n < 90:
			p.record(newest, p.again(p.doors[p.last], newest))
		case n < 95:
			p.record(newest, p.again(any, newest))
		default:
			older := p.mine[p.random.IntN(len(p.mine))]
			p.record(older, p.again(any, older))
		}
		return
	}
	data := p.newData()
	p.mine = append(p.mine, data)
	if len(p.mine) > remembered {
		p.mine = p.mine[1:]
	}
	p.record(data, p.attempt(any, data))
}

func (p *proposer) newData() []byte {
	for {
		data := make([]byte, p.size())
		for i := range data {
			data[i] = byte(p.random.Uint32())
		}
		if p.run.history.Claim(data) {
			return data
		}
	}
}

// size is mostly up to 2 KiB, as often short as long, and sometimes 50 KiB.
func (p *proposer) size() int {
	switch n := p.random.IntN(100); {
	case n < 2:
		return 50 << 10
	case n < 50:
		return 1 + p.random.IntN(64)
	default:
		return 1 + p.random.IntN(2<<10)
	}
}

// attempt has its own deadline only: a run that ends waits for the outcome.
func (p *proposer) attempt(d *door, data []byte) Attempt {
	ctx, cancel := context.WithTimeout(context.Background(), p.Timeout)
	defer cancel()
	p.last = d.node
	life := d.life.Load()
	err := d.client.ProposeBlock(ctx, data)
	return Attempt{Node: d.node, Life: int(life), Outcome: outcomeOf(err), At: p.run.now()}
}

// again looks at the node's head afterwards, which tells whether the data still waited there.
func (p *proposer) again(d *door, data []byte) Attempt {
	a := p.attempt(d, data)
	if a.Outcome == Acknowledged {
		ctx, cancel := context.WithTimeout(context.Background(), p.Timeout)
		defer cancel()
		head, err := d.client.LastAccepted(ctx)
		if err == nil && d.life.Load() == int64(a.Life) {
			a.HeadAfter = head
		}
	}
	return a
}

func (p *proposer) record(data []byte, a Attempt) {
	p.run.history.Record(DigestOf(data), a)
}

func outcomeOf(err error) Outcome {
	var (
		refusal *client.Error
		network *net.OpError
	)
	switch {
	case err == nil:
		return Acknowledged
	case errors.As(err, &refusal):
		return Refused
	case errors.As(err, &network) && network.Op == "dial":
		return Refused
	default:
		return Unknown
	}
}

// sleep returns false when the context ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
