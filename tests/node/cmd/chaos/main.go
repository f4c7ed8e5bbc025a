// Command chaos breaks a timestampvm chain in every way that it may survive, and reports what did not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/timestampvm/timestampvm/tests/node/chaos"
	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

type settings struct {
	mode                string
	seed                uint64
	nodes, kills        int
	minutes             float64
	stall               time.Duration
	binary, avalancheGo string
}

// outcome is the report of any mode.
type outcome interface {
	Print(io.Writer)
	Failed() bool
}

func run(ctx context.Context) error {
	s, err := parse()
	if err != nil {
		return err
	}
	fmt.Printf("seed %d, mode %s; to repeat: -mode %s -nodes %d -seed %d\n", s.seed, s.mode, s.mode, s.nodes, s.seed)
	report, err := s.run(ctx)
	if err != nil {
		return fmt.Errorf("seed %d: %w", s.seed, err)
	}
	report.Print(os.Stdout)
	if report.Failed() {
		return fmt.Errorf("seed %d broke promises", s.seed)
	}
	return nil
}

func parse() (settings, error) {
	var s settings
	flag.StringVar(&s.mode, "mode", "network", "network: nodes and plugins of a real network; "+
		"siege: strangers at one, with the breakable plugin; plugin: one plugin without a node")
	flag.Uint64Var(&s.seed, "seed", rand.Uint64N(1_000_000), "decides on faults, victims and moments")
	flag.IntVar(&s.nodes, "nodes", 4, "how many nodes the network has")
	flag.IntVar(&s.kills, "kills", 0, "end after so many kills of plugins; 0 is no limit")
	flag.Float64Var(&s.minutes, "minutes", 0, "end after so many minutes; 0 is no limit")
	flag.DurationVar(&s.stall, "stall", time.Minute, "how long a disk stalls in a siege; none does if 0")
	flag.StringVar(&s.binary, "binary", os.Getenv(artifact.TimestampVMEnv), "path of the timestampvm binary")
	flag.StringVar(&s.avalancheGo, "avalanchego", os.Getenv(artifact.AvalancheGoEnv), "path of the AvalancheGo binary")
	flag.Parse()

	switch {
	case flag.NArg() > 0:
		return s, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	case s.mode != "network" && s.mode != "siege" && s.mode != "plugin":
		return s, fmt.Errorf("-mode must be network, siege or plugin, found %q", s.mode)
	case s.mode == "siege" && (s.nodes < 2 || s.minutes <= 0):
		return s, errors.New("a siege is of -nodes 2 or more, for some -minutes")
	case s.nodes < 1:
		return s, fmt.Errorf("-nodes must be at least 1, found %d", s.nodes)
	case s.kills <= 0 && s.minutes <= 0:
		return s, errors.New("give -kills or -minutes")
	}
	return s, s.find()
}

// find looks up both programs. The flags win over the environment, and both are looked up and checked in one place.
func (s *settings) find() error {
	if err := errors.Join(
		os.Setenv(artifact.TimestampVMEnv, s.binary),
		os.Setenv(artifact.AvalancheGoEnv, s.avalancheGo),
	); err != nil {
		return err
	}
	var vmErr, nodeErr error
	s.binary, vmErr = artifact.TimestampVM()
	if s.mode != "plugin" {
		s.avalancheGo, nodeErr = artifact.AvalancheGo()
	}
	return errors.Join(vmErr, nodeErr)
}

func (s *settings) run(ctx context.Context) (outcome, error) {
	duration := time.Duration(s.minutes * float64(time.Minute))
	switch s.mode {
	case "plugin":
		return chaos.RunPlugin(ctx, chaos.PluginConfig{
			TimestampVM: s.binary, Seed: s.seed, Kills: s.kills, Duration: duration, Out: os.Stdout,
		})
	case "siege":
		return chaos.RunSiege(ctx, chaos.SiegeConfig{
			AvalancheGo: s.avalancheGo, Breakable: s.binary, Seed: s.seed, Nodes: s.nodes,
			Duration: duration, Stall: s.stall, Load: chaos.DefaultLoad(), Out: os.Stdout,
		})
	}
	return chaos.RunNetwork(ctx, chaos.NetworkConfig{
		AvalancheGo: s.avalancheGo, TimestampVM: s.binary, Seed: s.seed, Nodes: s.nodes,
		Kills: s.kills, Duration: duration, Load: chaos.DefaultLoad(), Out: os.Stdout,
	})
}
