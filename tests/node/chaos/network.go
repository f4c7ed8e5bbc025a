package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ava-labs/avalanchego/snow/consensus/snowball"

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

// RunNetwork makes chaos in a real network. The error says that the run itself could not go on; whether promises were
// kept is in the report.
func RunNetwork(ctx context.Context, c NetworkConfig) (report Report, err error) {
	vm, err := network.TimestampVM(c.TimestampVM, "chaos")
	if err != nil {
		return Report{}, err
	}
	config := network.Of(c.Nodes, c.AvalancheGo, vm)
	config.Subnet = subnetConfig(c.Nodes)
	running, err := network.Start(ctx, config)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = stop(running, c.Out, report.Failed(), err) }()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watched, err := newField(ctx, running, c.Out, cancel)
	if err != nil {
		return Report{}, err
	}
	n := &nemesis{watched}
	followPlan := func(ctx context.Context) error { return n.followPlan(ctx, c) }
	return n.report(c.Seed, n.torment(ctx, c.Load, c.Seed, followPlan))
}

// subnetConfig lets consensus go on while one node of four is missing. With AvalancheGo's own 15 of 20 votes a poll then
// succeeds six times in ten, and 20 must succeed in a row. 12 of 20 is still a clear majority: with the votes split in
// half, 20 such polls in a row have a chance of 10^-12.
func subnetConfig(nodes int) map[string]any {
	if nodes == 1 {
		return nil // the only validator asks itself
	}
	parameters := snowball.DefaultParameters
	parameters.AlphaPreference, parameters.AlphaConfidence = 11, 12
	return map[string]any{"snowParameters": parameters}
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

// stop ends a network. What its nodes logged last is shown if the run failed, or could not go on.
func stop(running *network.Network, out io.Writer, failed bool, err error) error {
	if err != nil || failed {
		fmt.Fprintln(out, running.LogTails())
	}
	return errors.Join(err, running.Stop())
}
