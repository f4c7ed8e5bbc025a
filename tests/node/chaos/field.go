package chaos

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/timestampvm/timestampvm/tests/node/network"
)

const (
	// recovery is how long the network may take to be as if nothing had happened.
	recovery = 60 * time.Second
	// settling is how long the chain may stand still before everything that was acknowledged is in a block.
	settling = 2 * time.Minute
)

// field is a network where things go wrong, and what is looked at meanwhile.
type field struct {
	*run
	nodes []*network.Node
	doors []*door
	urls  []string // of the nodes' APIs
}

func newField(ctx context.Context, running *network.Network, out io.Writer, cancel context.CancelFunc) (field, error) {
	f := field{nodes: running.Nodes()}
	for i, node := range f.nodes {
		f.doors = append(f.doors, newDoor(i, node.RPCURL()))
		f.urls = append(f.urls, node.URL())
	}
	limited, stop := context.WithTimeout(ctx, patience)
	defer stop()
	genesis, err := firstBlock(limited, f.doors[0])
	if err != nil {
		return field{}, err
	}
	f.run = newRun(out, NewPicture(genesis), cancel)
	return f, nil
}

// torment is a run from the first request to the last check, with the load on it of a seed while something goes wrong.
func (f field) torment(ctx context.Context, load Load, seed uint64, goWrong func(context.Context) error) error {
	watching, stopWatching := context.WithCancel(ctx)
	loading, stopLoading := context.WithCancel(ctx)
	var watchers, clients sync.WaitGroup
	for _, d := range f.doors {
		watchers.Go(func() { f.watch(watching, d) })
	}
	clients.Go(func() { load.drive(loading, f.run, f.doors, seed) })
	defer watchers.Wait()
	defer stopWatching()
	defer clients.Wait()
	defer stopLoading()

	if err := goWrong(ctx); err != nil {
		return err
	}
	stopLoading()
	clients.Wait()
	if err := f.settle(ctx); err != nil {
		return err
	}
	// What the nodes said of their health before may have been older than the last fault.
	if err := f.rest(ctx); err != nil {
		return err
	}
	stopWatching()
	watchers.Wait()
	return f.readAll(ctx)
}

// settle waits until all that was acknowledged is in a block, and all nodes have the same head.
func (f field) settle(ctx context.Context) error {
	f.say("no more faults, no more proposals")
	began := f.now()
	err := f.await(ctx, func() bool { return len(f.verdict().Violations) == 0 })
	if err != nil {
		return err
	}
	for grown := f.now(); f.now()-grown < settling; {
		before := f.picture.Height()
		if !sleep(ctx, 2*time.Second) {
			return ctx.Err()
		}
		if f.picture.Height() > before {
			grown = f.now()
		}
		if f.picture.Height() == before && f.sameHeights(ctx, before) {
			f.say("settled after %s at height %d", round(f.now()-began), before)
			return nil
		}
	}
	f.violate("the nodes do not come to rest at the same height within %s", settling)
	return ctx.Err()
}

// await waits until something is so, for as long as the chain grows.
func (f field) await(ctx context.Context, isSo func() bool) error {
	height, grown := f.picture.Height(), f.now()
	for !isSo() && f.now()-grown < settling {
		if !sleep(ctx, time.Second) {
			return ctx.Err()
		}
		if now := f.picture.Height(); now > height {
			height, grown = now, f.now()
		}
	}
	return nil
}

func (f field) sameHeights(ctx context.Context, height uint64) bool {
	for _, d := range f.doors {
		own, err := f.glance(ctx, d)
		if err != nil || own != height {
			return false
		}
	}
	return true
}

// readAll reads the whole chain from each node: what was seen once must still be there, everywhere. What strangers left
// at one node alone may still become a block now and then.
func (f field) readAll(ctx context.Context) error {
	want := f.picture.Links()
	for _, d := range f.doors {
		chain, err := d.client.Chain(ctx)
		if err != nil {
			return fmt.Errorf("reading the chain of node %d: %w", d.node+1, err)
		}
		if len(chain) < len(want) || !sameChain(want, chain[:len(want)]) {
			f.violate("node %d holds another chain of %d blocks", d.node+1, len(chain))
		}
		if _, err := f.observe(ctx, d, patience); err != nil {
			return err
		}
		if err := f.checkLogs(d.node); err != nil {
			return err
		}
	}
	f.say("all nodes hold the same %d blocks", len(want)-1)
	return nil
}

// rest waits until all nodes say that they are healthy.
func (f field) rest(ctx context.Context) error {
	began := f.now()
	for f.now()-began < recovery {
		if len(f.complaints(ctx)) == 0 {
			took := f.now() - began
			f.count(func(figures *Figures) { figures.Green = append(figures.Green, took) })
			f.say("all nodes are healthy after %s", round(took))
			return nil
		}
		if !sleep(ctx, 200*time.Millisecond) {
			return ctx.Err()
		}
	}
	f.violate("%s after the last fault: %s", recovery, strings.Join(f.complaints(ctx), "; "))
	return ctx.Err()
}

func (f field) complaints(ctx context.Context) []string {
	var all []string
	for i, url := range f.urls {
		if text := complaint(ctx, url); text != "" {
			all = append(all, fmt.Sprintf("node %d is not healthy: %s", i+1, text))
		}
	}
	return all
}

// awaitInStep waits until the node serves the chain up to what anybody had accepted by now.
func (f field) awaitInStep(ctx context.Context, victim int) error {
	target, until := f.picture.Height(), time.Now().Add(recovery)
	for time.Now().Before(until) {
		height, err := f.glance(ctx, f.doors[victim])
		if err == nil && height >= target {
			return nil
		}
		if !sleep(ctx, 50*time.Millisecond) {
			return ctx.Err()
		}
	}
	f.violate("node %d is not in step within %s", victim+1, recovery)
	return ctx.Err()
}

// checkLogs looks for what the node's plugins wrote about their own mistakes.
func (f field) checkLogs(victim int) error {
	lines, err := linesOfLogs(f.nodes[victim].Dir(), bugs)
	for _, line := range lines {
		f.violate("a plugin of node %d wrote: %s", victim+1, line)
	}
	return err
}
