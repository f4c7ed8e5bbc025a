package chaos

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/timestampvm/timestampvm/tests/attack"
)

const (
	pingEvery   = 50 * time.Millisecond
	healthEvery = 500 * time.Millisecond
	stampPause  = 200 * time.Millisecond
	// measureLimit is how long anything that is measured may take.
	measureLimit = 2 * time.Minute
)

// Measured are the times that a siege took. A busy machine takes longer: nobody asserts them.
type Measured struct {
	Pings           []time.Duration // of HTTP/2, where plugins serve their nodes
	Health          []time.Duration // of nodes
	Here, Elsewhere []time.Duration // until a stamp is accepted at the node that took it, and at another
	Blocks          uint64
	Took            time.Duration
}

// Print writes the figures in milliseconds.
func (m Measured) Print(out io.Writer) {
	fmt.Fprintf(out, "PING        %s\n", spread(m.Pings))
	fmt.Fprintf(out, "health      %s\n", spread(m.Health))
	fmt.Fprintf(out, "stamps      here: %s; at another node: %s (%d, while neither disk stalls)\n",
		spread(m.Here), spread(m.Elsewhere), len(m.Here))
	fmt.Fprintf(out, "blocks      %.1f a second\n", float64(m.Blocks)/m.Took.Seconds())
}

type meter struct {
	lock     sync.Mutex
	measured Measured
}

// measure measures until it is stopped.
func (s *siege) measure(ctx context.Context) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	var (
		all           sync.WaitGroup
		pings         []*attack.Pings
		began, height = s.now(), s.picture.Height()
	)
	for i, address := range s.addresses {
		ping, err := attack.StartPings(address, pingEvery)
		if err != nil {
			cancel()
			return nil, err
		}
		pings = append(pings, ping)
		all.Go(func() { s.measureHealth(ctx, i) })
	}
	all.Go(func() { s.measureStamps(ctx) })
	return func() {
		cancel()
		all.Wait()
		m := &s.meter.measured
		m.Blocks, m.Took = s.picture.Height()-height, s.now()-began
		for i, ping := range pings {
			took, err := ping.Stop(patience)
			if err != nil {
				s.violate("the plugin of node %d has closed a connection of its node: %s", i+1, err)
			}
			m.Pings = append(m.Pings, took...)
		}
	}, nil
}

func (s *siege) measureHealth(ctx context.Context, node int) {
	for sleep(ctx, healthEvery) {
		began := s.now()
		limit, cancel := context.WithTimeout(ctx, measureLimit)
		request, err := http.NewRequestWithContext(limit, http.MethodGet, s.urls[node]+"/ext/health", nil)
		if err == nil {
			var response *http.Response
			if response, err = http.DefaultClient.Do(request); err == nil {
				_, err = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		}
		cancel()
		if err == nil {
			s.meter.add(func(m *Measured) { m.Health = append(m.Health, s.now()-began) })
		}
	}
}

// measureStamps stamps at one node and looks for it there and at another, again and again. The disks of both are well.
func (s *siege) measureStamps(ctx context.Context) {
	random := rand.New(rand.NewPCG(s.config.Seed, 1))
	for i := 0; sleep(ctx, stampPause); i++ {
		here := random.IntN(len(s.nodes))
		elsewhere := (here + 1 + random.IntN(len(s.nodes)-1)) % len(s.nodes)
		stalled := s.stalled.Load()
		if slices.Contains([]int64{int64(here), int64(elsewhere)}, stalled) {
			continue
		}
		data := fmt.Appendf(nil, "stamp %d of seed %d", i, s.config.Seed)
		times, err := s.stamp(ctx, data, s.doors[here], s.doors[elsewhere])
		if err == nil && s.stalled.Load() == stalled {
			s.meter.add(func(m *Measured) {
				m.Here, m.Elsewhere = append(m.Here, times[0]), append(m.Elsewhere, times[1])
			})
		}
	}
}

// stamp gives how long a stamp at the first node took until it was accepted at each.
func (s *siege) stamp(ctx context.Context, data []byte, doors ...*door) (times [2]time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, measureLimit)
	defer cancel()
	began := s.now()
	stamped, err := doors[0].client.Stamp(ctx, data)
	if err != nil {
		return times, err
	}
	s.history.Claim(data)
	s.history.Record(DigestOf(data), Attempt{Node: doors[0].node, At: s.now()})
	var (
		both   sync.WaitGroup
		failed [2]error
	)
	for i, d := range doors {
		both.Go(func() {
			for receipt := stamped; receipt.Status != "accepted" && failed[i] == nil; {
				receipt, failed[i] = d.client.AwaitReceipt(ctx, stamped.ID)
			}
			times[i] = s.now() - began
		})
	}
	both.Wait()
	if failed[0] != nil {
		return times, failed[0]
	}
	return times, failed[1]
}

func (m *meter) add(change func(*Measured)) {
	m.lock.Lock()
	defer m.lock.Unlock()
	change(&m.measured)
}
