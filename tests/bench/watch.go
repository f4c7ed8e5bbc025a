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
	// backlogTime is how long a plugin may still be busy with an attack after its end.
	backlogTime = time.Minute
)

// seen is what consensus notices of an attack on its plugin.
type seen struct {
	time      time.Duration // from the start to the answer to the last PING
	pings     samples       // on the listener of vm.VM
	health    samples
	cycles    int // blocks proposed, built, verified, preferred and accepted, one after the other
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
	w.group.Go(func() { w.failed[1] = w.keepMakingBlocks(ctx, b) })
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

// keepMakingBlocks does what consensus does. A proposal that is refused is no matter: if nothing else waits, the next may
// be taken.
func (w *watcher) keepMakingBlocks(ctx context.Context, b *bench) error {
	var untimed cycleTimes
	for ctx.Err() == nil {
		_, refused := w.chain.call(proposeRequest(b.stamps.next(stampBytes)))
		_, err := w.chain.acceptNext(&untimed)
		switch {
		case err == nil:
			w.seen.cycles++
		case refused == nil && ctx.Err() == nil:
			return fmt.Errorf("a block under attack: %w", err)
		}
	}
	return nil
}
