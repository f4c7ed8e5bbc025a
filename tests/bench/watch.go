package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/emptypb"

	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"

	"github.com/timestampvm/timestampvm/tests/attack"
)

const (
	pingEvery   = 10 * time.Millisecond
	healthEvery = 20 * time.Millisecond
	stampEvery  = 20 * time.Millisecond
	// backlogTime is how long a plugin may still be busy with an attack after its end.
	backlogTime = time.Minute
)

// seen is what consensus notices of an attack on its plugin.
type seen struct {
	time      time.Duration // from the start to the answer to the last PING
	pings     samples       // on the listener of vm.VM
	health    samples
	cycles    int     // blocks of another node parsed, verified, preferred and accepted, one after the other
	stamps    samples // until the answer to a proposal
	cpu       time.Duration
	peakBytes int64 // of resident memory, since the start of the process
}

// watcher measures while something else goes on.
type watcher struct {
	chain     *chain
	pings     *attack.Pings
	halt      context.CancelFunc
	group     sync.WaitGroup
	started   time.Time
	cpuBefore time.Duration
	seen      seen
	failed    [2]error
}

func (b *bench) watch(chain *chain) (*watcher, error) {
	pings, err := attack.StartPings(chain.addr, pingEvery)
	if err != nil {
		return nil, err
	}
	conn, err := chain.dial(chain.addr)
	if err != nil {
		return nil, err
	}
	cpu, err := cpuTime(chain.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	ctx, halt := context.WithCancel(chain.alive)
	w := &watcher{chain: chain, pings: pings, halt: halt, started: time.Now(), cpuBefore: cpu}
	w.group.Go(func() { w.failed[0] = w.keepAskingHealth(ctx, vmpb.NewVMClient(conn)) })
	proposed := make(chan []byte, 1)
	w.group.Go(func() { w.keepStamping(ctx, b, proposed) })
	w.group.Go(func() { w.failed[1] = w.keepDeciding(ctx, b, proposed) })
	return w, nil
}

// stop waits until the plugin has come round to the last PING.
func (w *watcher) stop() (seen, error) {
	w.halt()
	took, err := w.pings.Stop(backlogTime)
	w.seen.pings = took
	w.seen.time = time.Since(w.started)
	w.group.Wait()
	if err != nil {
		return seen{}, w.chain.failed("PING", err)
	}
	for _, err := range w.failed {
		if err != nil {
			return seen{}, err
		}
	}
	pid := w.chain.cmd.Process.Pid
	cpu, err := cpuTime(pid)
	if err != nil {
		return seen{}, err
	}
	w.seen.cpu = cpu - w.cpuBefore
	w.seen.peakBytes, err = peakBytes(pid)
	return w.seen, err
}

func (w *watcher) keepAskingHealth(ctx context.Context, vm vmpb.VMClient) error {
	for ticks := time.Tick(healthEvery); ctx.Err() == nil; <-ticks {
		started := time.Now()
		if _, err := vm.Health(w.chain.alive, &emptypb.Empty{}); err != nil {
			return w.chain.failed("Health", err)
		}
		w.seen.health.since(started)
	}
	return nil
}

// keepDeciding does what consensus does with blocks of other nodes. They carry what was proposed here, if something was.
func (w *watcher) keepDeciding(ctx context.Context, b *bench, proposed <-chan []byte) error {
	parent, err := w.chain.lastAccepted()
	if err != nil {
		return err
	}
	for ; ctx.Err() == nil; w.seen.cycles++ {
		data := b.stamps.next(stampBytes)
		select {
		case data = <-proposed:
		default:
		}
		block := fmt.Appendf(nil, `{"parent_id":"%s","height":%d,"timestamp":%d,"data":"0x%x"}`,
			parent, w.chain.height+1, time.Now().Unix(), data)
		if parent, err = w.chain.decide(block); err != nil {
			return err
		}
	}
	return nil
}

// keepStamping proposes one thing after the other. One that is refused is no matter.
func (w *watcher) keepStamping(ctx context.Context, b *bench, proposed chan<- []byte) {
	for ticks := time.Tick(stampEvery); ctx.Err() == nil; <-ticks {
		data := b.stamps.next(stampBytes)
		started := time.Now()
		if _, err := w.chain.call(proposeRequest(data)); err != nil {
			continue
		}
		w.seen.stamps.since(started)
		select {
		case proposed <- data:
		case <-ctx.Done():
		}
	}
}
