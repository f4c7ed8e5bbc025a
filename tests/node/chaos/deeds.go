package chaos

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/timestampvm/timestampvm/tests/attack"
)

const (
	// attackLimit is how long attackers wait for their answers.
	attackLimit = 10 * time.Second
	// requestsEach is how many requests an attack has at most: as long as all attackers do something at the same time, more
	// would say no more, and the chain must take in at the end what they proposed.
	requestsEach = 300
	// breakPause is between two broken threads, at most.
	breakPause = 15 * time.Second
	// stallPause is between two disks that stall, at most.
	stallPause = 20 * time.Second
)

// attack is one attack by HTTP clients on a node: one that is known to be dear, or one that nobody has thought of.
func (s *siege) attack(ctx context.Context, random *rand.Rand) {
	known := append([]attack.Attack{attack.Mixture}, attack.Attacks...)
	one := known[random.IntN(len(known))]
	if random.IntN(2) == 0 {
		one = attack.Generated(random.Uint64N(1_000_000), requestsEach, 1+random.IntN(100))
	}
	one.Count = min(one.Count, requestsEach)
	d := s.doors[random.IntN(len(s.doors))]
	s.say("attack on node %d: %s", d.node+1, one.Name)
	ctx, cancel := context.WithTimeout(ctx, attackLimit)
	defer cancel()
	url := func(path string) string { return strings.TrimSuffix(d.client.URL, "/rpc") + path }
	answers := one.Send(ctx, attack.Target{Chain: s.chain, URL: url, See: s.note})
	s.did(func(deeds *Deeds) { deeds.Attacks++ })
	s.say("attack on node %d: %s: %v", d.node+1, one.Name, answers)
}

// note remembers which proposals of strangers the chain has taken.
func (s *siege) note(r attack.Request, status int, body []byte) {
	data, proposes := attack.ProposalOf(r)
	if proposes && status == http.StatusOK && bytes.Contains(body, []byte(`"success":true`)) {
		s.lock.Lock()
		defer s.lock.Unlock()
		s.taken[DigestOf(data)] = true
	}
}

// breakThread breaks the clients' thread of a plugin, and waits until another answers clients.
func (s *siege) breakThread(ctx context.Context, random *rand.Rand) {
	victim := random.IntN(len(s.nodes))
	if !sleep(ctx, time.Duration(random.Float64()*float64(breakPause))) {
		return
	}
	s.say("breaking the clients' thread of node %d", victim+1)
	if err := syscall.Kill(s.plugins[victim], syscall.SIGUSR2); err != nil {
		s.violate("the plugin of node %d is gone: %s", victim+1, err)
		return
	}
	s.did(func(deeds *Deeds) { deeds.Broken++ })
	began := s.now()
	for s.now()-began < settling {
		if s.ping(victim) == nil {
			s.count(func(f *Figures) { f.Recoveries = append(f.Recoveries, s.now()-began) })
			return
		}
		if !sleep(ctx, 100*time.Millisecond) {
			return
		}
	}
	s.violate("node %d answers no client %s after its thread was broken", victim+1, settling)
}

func (s *siege) ping(node int) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.config.Load.Timeout)
	defer cancel()
	return s.doors[node].client.Ping(ctx)
}

// stallDisk lets the disk of a node stall, however long the siege still lasts.
func (s *siege) stallDisk(ctx context.Context, random *rand.Rand) {
	if s.config.Stall == 0 {
		<-ctx.Done()
		return
	}
	victim := random.IntN(len(s.nodes))
	s.say("the disk of node %d stalls for %s", victim+1, s.config.Stall)
	pid := s.nodes[victim].PID()
	if err := s.disk.Stall(pid); err != nil {
		s.violate("the disk of node %d cannot be stalled: %s", victim+1, err)
		return
	}
	s.stalled.Store(int64(victim))
	time.Sleep(s.config.Stall)
	if err := s.disk.GoOn(pid); err != nil {
		s.violate("the disk of node %d goes on to stall: %s", victim+1, err)
	}
	s.stalled.Store(-1)
	s.did(func(deeds *Deeds) { deeds.Stalls++ })
	s.say("the disk of node %d goes on", victim+1)
	sleep(ctx, time.Duration(random.Float64()*float64(stallPause)))
}
