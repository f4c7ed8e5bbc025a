package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ava-labs/avalanchego/snow/consensus/snowball"
	"github.com/ava-labs/avalanchego/tests/fixture/tmpnet"

	"github.com/timestampvm/timestampvm/tests/node/network"
)

// NetworkConfig says what RunNetwork does. It ends at the first of both limits; a limit of 0 is none.
type NetworkConfig struct {
	AvalancheGo string // path of the node's executable
	TimestampVM string // path of the plugin's executable
	Seed        uint64
	Nodes       int
	Kills       int // of plugins
	Duration    time.Duration
	Load        Load
	Out         io.Writer // a line for each thing that is done
}

// DefaultLoad keeps a network busy that is healthy, and does not drown one that is not.
func DefaultLoad() Load {
	return Load{Clients: 6, Pause: 150 * time.Millisecond, Backlog: 150, Timeout: 5 * time.Second}
}

// settling is how long everything that was acknowledged may take to be in a block once all nodes are healthy.
const settling = 2 * time.Minute

// RunNetwork makes chaos in a real network. The error says that the run itself could not go on; whether promises were
// kept is in the report.
func RunNetwork(ctx context.Context, c NetworkConfig) (report Report, err error) {
	vm, err := network.TimestampVM(c.TimestampVM, "chaos")
	if err != nil {
		return Report{}, err
	}
	running, err := network.Start(ctx, network.Config{
		Nodes: c.Nodes, AvalancheGo: c.AvalancheGo, VM: vm, Subnet: subnetConfig(c.Nodes),
	})
	if err != nil {
		return Report{}, err
	}
	defer func() {
		if err != nil || report.Failed() {
			fmt.Fprintln(c.Out, running.LogTails())
		}
		err = errors.Join(err, running.Stop())
	}()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := &nemesis{nodes: running.Nodes()}
	for i, node := range n.nodes {
		n.doors = append(n.doors, newDoor(i, node.RPCURL()))
		n.urls = append(n.urls, node.URL())
	}
	genesis, err := firstBlock(ctx, n.doors[0])
	if err != nil {
		return Report{}, err
	}
	n.run = newRun(c.Out, NewPicture(genesis), cancel)
	return n.report(c.Seed, n.torment(ctx, c))
}

// subnetConfig lets consensus go on while one node of four is missing. With AvalancheGo's own 15 of 20 votes a poll then
// succeeds six times in ten, and 20 must succeed in a row. 12 of 20 is still a clear majority: with the votes split in
// half, 20 such polls in a row have a chance of 10^-12.
func subnetConfig(nodes int) tmpnet.ConfigMap {
	if nodes == 1 {
		return nil // the only validator asks itself
	}
	parameters := snowball.DefaultParameters
	parameters.AlphaPreference, parameters.AlphaConfidence = 11, 12
	return tmpnet.ConfigMap{"snowParameters": parameters}
}

// torment is a run from the first request to the last check.
func (n *nemesis) torment(ctx context.Context, c NetworkConfig) error {
	watching, stopWatching := context.WithCancel(ctx)
	loading, stopLoading := context.WithCancel(ctx)
	var watchers, clients sync.WaitGroup
	for _, d := range n.doors {
		watchers.Go(func() { n.watch(watching, d) })
	}
	clients.Go(func() { c.Load.drive(loading, n.run, n.doors, c.Seed) })
	defer watchers.Wait()
	defer stopWatching()
	defer clients.Wait()
	defer stopLoading()

	if err := n.followPlan(ctx, c); err != nil {
		return err
	}
	stopLoading()
	clients.Wait()
	if err := n.settle(ctx); err != nil {
		return err
	}
	// What the nodes said of their health before may have been older than the last fault.
	if err := n.rest(ctx); err != nil {
		return err
	}
	stopWatching()
	watchers.Wait()
	return n.readAll(ctx)
}

func (n *nemesis) followPlan(ctx context.Context, c NetworkConfig) error {
	plan := NewPlan(c.Seed, c.Nodes)
	for !n.done(c) {
		f := plan.Next()
		if err := n.do(ctx, f); err != nil {
			return err
		}
		if f.Number%restEvery == 0 {
			if err := n.rest(ctx); err != nil {
				return err
			}
		}
	}
	return n.rest(ctx)
}

func (n *nemesis) done(c NetworkConfig) bool {
	n.lock.Lock()
	defer n.lock.Unlock()
	return (c.Kills > 0 && n.figures.PluginKills >= c.Kills) || (c.Duration > 0 && n.now() >= c.Duration)
}

// settle waits until all that was acknowledged is in a block, and all nodes have the same head.
func (n *nemesis) settle(ctx context.Context) error {
	n.say("no more faults, no more proposals")
	began := n.now()
	for n.now()-began < settling && len(n.verdict().Violations) > 0 {
		if !sleep(ctx, time.Second) {
			return ctx.Err()
		}
	}
	for turned := n.now(); n.now()-turned < settling; {
		before := n.picture.Height()
		if !sleep(ctx, 2*time.Second) {
			return ctx.Err()
		}
		if n.picture.Height() == before && n.sameHeights(ctx, before) {
			n.say("settled after %s at height %d", round(n.now()-began), before)
			return nil
		}
	}
	n.violate("the nodes do not come to rest at the same height within %s", settling)
	return ctx.Err()
}

func (n *nemesis) sameHeights(ctx context.Context, height uint64) bool {
	for _, d := range n.doors {
		own, err := n.glance(ctx, d)
		if err != nil || own != height {
			return false
		}
	}
	return true
}

// readAll reads the whole chain from each node: what was seen once must still be there, everywhere.
func (n *nemesis) readAll(ctx context.Context) error {
	want := n.picture.Links()
	for _, d := range n.doors {
		chain, err := d.client.Chain(ctx)
		if err != nil {
			return fmt.Errorf("reading the chain of node %d: %w", d.node+1, err)
		}
		if !sameChain(want, chain) {
			n.violate("node %d holds another chain of %d blocks", d.node+1, len(chain))
		}
		if err := n.checkLogs(d.node); err != nil {
			return err
		}
	}
	n.say("all nodes hold the same %d blocks", len(want)-1)
	return nil
}
