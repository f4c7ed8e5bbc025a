// Command network runs a local AvalancheGo network with a timestampvm chain until it is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/ava-labs/avalanchego/tests"
	"github.com/ava-labs/avalanchego/utils/logging"

	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "network:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	config, err := parse()
	if err != nil {
		return err
	}
	fmt.Printf("Starting %d AvalancheGo node(s) with a timestampvm chain. This takes some seconds.\n", config.Nodes)
	running, err := network.Start(ctx, config)
	switch {
	case ctx.Err() != nil && !errors.Is(err, network.ErrUncleanStop):
		fmt.Println("\nInterrupted before the network was up. Nothing is left behind.")
		return nil
	case err != nil:
		return err
	}
	if err := show(ctx, running); err != nil {
		return errors.Join(err, running.Stop())
	}

	<-ctx.Done()
	fmt.Println("\nStopping the network.")
	if err := running.Stop(); err != nil {
		return err
	}
	fmt.Println("Stopped. Nothing is left behind.")
	return nil
}

func parse() (network.Config, error) {
	nodes := flag.Int("nodes", 3, "how many nodes validate the chain")
	binary := flag.String("binary", os.Getenv(artifact.TimestampVMEnv), "path of the timestampvm binary")
	avalancheGo := flag.String("avalanchego", os.Getenv(artifact.AvalancheGoEnv), "path of the AvalancheGo binary")
	genesis := flag.String("genesis", "Hello from timestampvm!", "data of the chain's first block")
	verbose := flag.Bool("verbose", false, "show what is being done")
	flag.Parse()

	if flag.NArg() > 0 {
		return network.Config{}, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if *nodes < 1 {
		return network.Config{}, fmt.Errorf("-nodes must be at least 1, found %d", *nodes)
	}
	// The flags win over the environment, and both are looked up and checked in one place.
	if err := errors.Join(
		os.Setenv(artifact.TimestampVMEnv, *binary),
		os.Setenv(artifact.AvalancheGoEnv, *avalancheGo),
	); err != nil {
		return network.Config{}, err
	}
	vmPath, vmErr := artifact.TimestampVM()
	nodePath, nodeErr := artifact.AvalancheGo()
	if err := errors.Join(vmErr, nodeErr); err != nil {
		return network.Config{}, err
	}
	config := network.Config{Nodes: *nodes, AvalancheGo: nodePath, TimestampVM: vmPath, Genesis: *genesis}
	if *verbose {
		config.Log = tests.NewDefaultLogger("")
	} else {
		config.Log = logging.NoLog{}
	}
	return config, nil
}

func show(ctx context.Context, running *network.Network) error {
	fmt.Printf("\nChain %s\nVM    %s\n", running.ChainID(), network.VMID)
	for i, node := range running.Nodes() {
		fmt.Printf("Node %d %s  %s\n", i+1, node.URL(), node.ID())
	}
	lines, err := running.Nodes()[0].CurlLines(ctx)
	if err != nil {
		return err
	}
	fmt.Println("\nTry it (any node will do):")
	for _, line := range lines {
		fmt.Println("\n  " + line)
	}
	fmt.Println("\nThe network runs until Ctrl-C.")
	return nil
}
