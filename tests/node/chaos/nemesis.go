package chaos

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"

	"github.com/timestampvm/timestampvm/tests/node/internal/host"
)

// restEvery is how many faults come before all nodes must be healthy at the same time.
const restEvery = 8

// nemesis does to a network what a plan says, one fault after the other. It waits for a victim to be back in step before
// it goes on, because a validator that starts again has forgotten how it voted: AvalancheGo's consensus keeps votes in
// memory only. If two validators forget at once, a block that one node has accepted may lose its majority, and the chain
// forks without any VM having done wrong. A node that only sleeps forgets nothing, so another may sleep meanwhile.
type nemesis struct {
	field
}

func (n *nemesis) do(ctx context.Context, f Fault) error {
	if !sleep(ctx, f.Calm) {
		return ctx.Err()
	}
	began := n.now()
	n.say("%s", f)
	err := n.strike(ctx, f)
	ended := n.now()
	if err == nil {
		err = n.awaitInStep(ctx, f.Victim)
	}
	n.addTrouble(began, n.now())
	if err != nil {
		return err
	}
	took := n.now() - ended
	n.count(func(figures *Figures) { figures.Recoveries = append(figures.Recoveries, took) })
	n.say("#%d node %d is in step again after %s, height %d", f.Number, f.Victim+1, round(took), n.picture.Height())
	return nil
}

// strike returns when all processes run again.
func (n *nemesis) strike(ctx context.Context, f Fault) error {
	if f.Kind.stops() {
		return n.stop(ctx, f)
	}
	if err := n.end(ctx, f); err != nil {
		return err
	}
	var (
		sleeper  sync.WaitGroup
		sleepErr error
	)
	if f.Sleep > 0 {
		sleeper.Go(func() {
			if sleep(ctx, f.SleepFrom) {
				sleepErr = n.stop(ctx, Fault{Kind: StopBoth, Victim: f.Sleeper, Hold: f.Sleep})
			}
		})
	}
	err := n.revive(ctx, f)
	sleeper.Wait()
	return errors.Join(err, sleepErr)
}

// revive starts a victim that is down, after what else the fault does to it.
func (n *nemesis) revive(ctx context.Context, f Fault) error {
	if err := n.wipe(f); err != nil {
		return err
	}
	if f.Kind != KillPlugin && !sleep(ctx, f.Hold) {
		return ctx.Err()
	}
	node := n.nodes[f.Victim]
	for _, again := range f.Again {
		if err := node.Launch(); err != nil {
			return err
		}
		if !sleep(ctx, again) {
			return ctx.Err()
		}
		if err := n.killBoth(f.Victim); err != nil {
			return err
		}
	}
	return node.Launch()
}

// end returns when the node's process is gone.
func (n *nemesis) end(ctx context.Context, f Fault) error {
	node := n.nodes[f.Victim]
	switch f.Kind {
	case Restart:
		n.count(func(figures *Figures) { figures.Restarts++ })
		return n.endLife(f.Victim, node.Stop)
	case KillNode:
		return n.killNode(f.Victim)
	case KillPlugin:
		if _, err := n.killPlugin(f.Victim); err != nil {
			return err
		}
		if !sleep(ctx, f.Hold) {
			return ctx.Err()
		}
		return n.killNode(f.Victim)
	default:
		return n.killBoth(f.Victim)
	}
}

func (n *nemesis) killBoth(victim int) error {
	plugins, err := n.killPlugin(victim)
	if err != nil {
		return err
	}
	if err := n.killNode(victim); err != nil {
		return err
	}
	return host.AwaitGone(plugins...)
}

// killPlugin returns the processes that it killed.
func (n *nemesis) killPlugin(victim int) ([]int, error) {
	plugins, err := n.nodes[victim].PluginPIDs()
	if err != nil {
		return nil, err
	}
	n.doors[victim].life.Add(1)
	for _, pid := range plugins {
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			n.count(func(figures *Figures) { figures.PluginKills++ })
		}
	}
	return plugins, nil
}

func (n *nemesis) killNode(victim int) error {
	n.count(func(figures *Figures) { figures.NodeKills++ })
	return n.endLife(victim, n.nodes[victim].Kill)
}

// endLife counts before and after, so that nothing the node still did can be taken for a deed of its next life.
func (n *nemesis) endLife(victim int, end func() error) error {
	n.doors[victim].life.Add(1)
	defer n.doors[victim].life.Add(1)
	return end()
}

func (n *nemesis) wipe(f Fault) error {
	node := n.nodes[f.Victim]
	folder, wipes := map[Kind]string{
		WipeChainData: node.ChainDataDir(), WipeDatabase: node.DatabaseDir(), WipeFolder: node.Dir(),
	}[f.Kind]
	if !wipes {
		return nil
	}
	if err := n.checkLogs(f.Victim); err != nil {
		return err
	}
	if f.Kind.wipes() {
		n.addWipe(Wipe{Node: f.Victim, Life: int(n.doors[f.Victim].life.Load()) - 1, At: n.now()})
	}
	n.count(func(figures *Figures) { figures.Wipes++ })
	return os.RemoveAll(folder)
}

// stop lets the victim sleep, and wakes it up.
func (n *nemesis) stop(ctx context.Context, f Fault) error {
	n.count(func(figures *Figures) { figures.Stops++ })
	node := n.nodes[f.Victim]
	pids, err := node.PluginPIDs()
	if err != nil {
		return err
	}
	switch f.Kind {
	case StopNode:
		pids = []int{node.PID()}
	case StopBoth:
		pids = append(pids, node.PID())
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			return err
		}
		defer func() { _ = syscall.Kill(pid, syscall.SIGCONT) }()
	}
	if !sleep(ctx, f.Hold) {
		return ctx.Err()
	}
	return nil
}
