// Command network runs a local AvalancheGo network with a chain of a VM, ours or another, until it is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/ava-labs/avalanchego/ids"

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
	vm := config.Programs[0].VM
	fmt.Printf("Starting %d AvalancheGo node(s) with a %s chain. This takes some seconds.\n", len(config.Programs), vm.Name)
	running, err := network.Start(ctx, config)
	switch {
	case ctx.Err() != nil && !errors.Is(err, network.ErrUncleanStop):
		fmt.Println("\nInterrupted before the network was up. Nothing is left behind.")
		return nil
	case err != nil:
		return err
	}
	if err := show(ctx, running, vm); err != nil {
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
	binary := flag.String("binary", os.Getenv(artifact.TimestampVMEnv), "path of the VM's binary")
	name := flag.String("name", network.Name, "the VM's name, which stands for its ID")
	avalancheGo := flag.String("avalanchego", os.Getenv(artifact.AvalancheGoEnv), "path of the AvalancheGo binary")
	genesis := flag.String("genesis", "Hello from timestampvm!", "of timestampvm, the data of the chain's first block; of another VM, the genesis")
	flag.Parse()

	if flag.NArg() > 0 {
		return network.Config{}, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if *nodes < 1 {
		return network.Config{}, fmt.Errorf("-nodes must be at least 1, found %d", *nodes)
	}
	if len(*name) > ids.IDLen {
		return network.Config{}, fmt.Errorf("-name is longer than %d bytes: %q", ids.IDLen, *name)
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
	vm := network.VM{Name: *name, Binary: vmPath, Genesis: []byte(*genesis)}
	if *name == network.Name {
		var err error
		if vm, err = network.TimestampVM(vmPath, *genesis); err != nil {
			return network.Config{}, err
		}
	}
	return network.Of(*nodes, nodePath, vm), nil
}

func show(ctx context.Context, running *network.Network, vm network.VM) error {
	fmt.Printf("\nChain %s\nVM    %s\n", running.ChainID(), vm.ID())
	for i, node := range running.Nodes() {
		fmt.Printf("Node %d %s  %s\n", i+1, node.URL(), node.ID())
	}
	if err := showHowToTry(ctx, running.Nodes()[0], vm); err != nil {
		return err
	}
	showWhereToLook(running)
	fmt.Println("\nThe network runs until Ctrl-C.")
	return nil
}

// showHowToTry prints what to paste. Of another VM than ours it is only known where its API is.
func showHowToTry(ctx context.Context, node *network.Node, vm network.VM) error {
	if vm.Name != network.Name {
		fmt.Printf("\nThe chain's API (any node will do) is below\n\n  %s\n", node.ChainURL())
		return nil
	}
	lines, err := node.CurlLines(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("\nThe page is at\n\n  %s/explorer\n\nTry it (any node will do):\n", node.ChainURL())
	for _, line := range append([]string{node.StampLine()}, lines...) {
		fmt.Println("\n  " + line)
	}
	return nil
}

// showWhereToLook prints what an operator watches, of each node.
func showWhereToLook(running *network.Network) {
	for i, node := range running.Nodes() {
		fmt.Printf("\nNode %d: health   %s/ext/health\n", i+1, node.URL())
		fmt.Printf("        metrics  %s/ext/metrics\n", node.URL())
		for _, log := range node.Logs() {
			fmt.Printf("        log      %s\n", log)
		}
	}
}
