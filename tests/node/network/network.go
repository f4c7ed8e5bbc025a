// Package network runs nodes of any release of AvalancheGo with a chain of a VM on this machine, as programs, the way an
// operator would: started with flags, spoken to over HTTP, stopped with a signal.
//
// Everything a network needs lives in one temporary folder, whose path also tells its processes from all others.
package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
)

const (
	// Generous: a first start on a busy machine with two cores takes about half a minute.
	startTimeout = 4 * time.Minute
	stopTimeout  = 40 * time.Second

	loopback = "127.0.0.1"
)

// Config is what a network is made of.
type Config struct {
	Programs []Program // of the nodes, in their order; the chain is of the first one's VM
	// Staked says that all nodes validate the chain with equal stakes, as on a public network. Otherwise sybil protection
	// is off: all nodes validate everything.
	Staked  bool
	Subnet  map[string]any            // the nodes' configuration of the chain's subnet; AvalancheGo's own if nil
	Flags   map[string]string         // of all nodes, beside those that each release has
	FlagsOf map[int]map[string]string // of single nodes, counted from 0
}

// Program is what a node runs.
type Program struct {
	Release     Release
	AvalancheGo string // path of the release's executable
	VM          VM
}

// Of is a network of nodes of the release that this module is made of. One node alone has nobody to have a stake beside.
func Of(nodes int, avalancheGo string, vm VM) Config {
	c := Config{Staked: nodes > 1}
	for range nodes {
		c.Programs = append(c.Programs, Program{Release: current, AvalancheGo: avalancheGo, VM: vm})
	}
	return c
}

// LargeBlocksQuickly are flags of nodes that take more from a peer than 512 KiB per second.
var LargeBlocksQuickly = map[string]string{
	"throttler-inbound-bandwidth-refill-rate":    "67108864",
	"throttler-inbound-bandwidth-max-burst-size": "67108864",
}

// Network is a running network with one chain. Its first nodes validate the chain, those that Join only follow it.
type Network struct {
	config   Config
	folder   sandbox.Folder
	guard    sandbox.Guard
	nodes    []*Node
	homes    map[string]string // of VMs that are installed, each with plugins/ in it
	subnetID ids.ID
	chainID  ids.ID
}

// Start creates a network and a chain on it, and returns once every node serves the chain. What does not come up is
// stopped again.
func Start(ctx context.Context, c Config) (*Network, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	folder, err := sandbox.Make("timestampvm-network-")
	if err != nil {
		return nil, err
	}
	guard, err := sandbox.StartGuard(folder)
	if err != nil {
		return nil, errors.Join(err, folder.EndAndRemove(stopTimeout))
	}
	n := &Network{config: c, folder: folder, guard: guard, homes: map[string]string{}}
	if err := n.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the network: %w%s", err, n.LogTails()), n.Stop())
	}
	return n, nil
}

// Nodes returns the nodes in the order in which they came.
func (n *Network) Nodes() []*Node {
	return n.nodes
}

// ChainID returns the ID of the chain.
func (n *Network) ChainID() ids.ID {
	return n.chainID
}

// Folder returns where the network keeps everything.
func (n *Network) Folder() string {
	return string(n.folder)
}

// Join starts one more node, which follows the chain without being a validator of a staked network.
func (n *Network) Join(ctx context.Context) (*Node, error) {
	node, err := n.add(n.config.Programs[0])
	if err != nil {
		return nil, err
	}
	return node, node.Start(ctx)
}

// Restart stops all nodes, so that nobody is left who remembers, and then starts them again.
func (n *Network) Restart(ctx context.Context) error {
	return errors.Join(endAll(n.nodes, syscall.SIGTERM), n.startAll(ctx))
}

// Crash kills all nodes at once and then starts them again.
func (n *Network) Crash(ctx context.Context) error {
	return errors.Join(endAll(n.nodes, syscall.SIGKILL), n.startAll(ctx))
}

// ErrUncleanStop is in the error of a Stop, or of a Start that had to give up, when not all went in good order.
var ErrUncleanStop = errors.New("the network did not stop cleanly")

// Stop stops all nodes and removes everything they wrote. Processes that are left then are ended, and the error says so.
func (n *Network) Stop() error {
	stopped := endAll(n.nodes, syscall.SIGTERM)
	left, err := n.folder.Processes()
	if len(left) > 0 {
		err = errors.Join(err, fmt.Errorf("processes %v outlived their nodes", left))
	}
	err = errors.Join(stopped, err, n.folder.EndAndRemove(stopTimeout), n.guard.Dismiss())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUncleanStop, err)
	}
	return nil
}

// start makes the chain on the first node alone, which needs nobody's vote then. A node must know the subnet when it
// starts, so that one starts twice.
func (n *Network) start(ctx context.Context) error {
	for _, program := range n.config.Programs {
		if _, err := n.add(program); err != nil {
			return err
		}
	}
	if err := n.writeGenesis(); err != nil {
		return err
	}
	first := n.nodes[0]
	if err := first.launch(nil); err != nil {
		return err
	}
	if err := first.answers(ctx); err != nil {
		return err
	}
	if err := n.makeChain(ctx, platformOf(first.URL())); err != nil {
		return err
	}
	if err := first.Stop(); err != nil {
		return err
	}
	// Some releases begin the chain at once, and were stopped in the middle of that.
	if err := os.RemoveAll(first.chainLog()); err != nil {
		return err
	}
	return n.startAll(ctx)
}

func (n *Network) makeChain(ctx context.Context, p platform) (err error) {
	if n.subnetID, err = p.createSubnet(ctx); err != nil {
		return err
	}
	if n.config.Staked {
		for _, node := range n.nodes {
			if err := p.addValidator(ctx, n.subnetID, node.ID()); err != nil {
				return err
			}
		}
	}
	vm := n.config.Programs[0].VM
	n.chainID, err = p.createChain(ctx, n.subnetID, vm.ID(), vm.Genesis)
	return err
}

// startAll starts all nodes, and returns once each serves the chain. The first goes on from what it has, and the others from
// what the first has: one that still fetches itself would outvote it.
func (n *Network) startAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for i, node := range n.nodes {
		if err := node.launch(n.nodes[:min(i, 1)]); err != nil {
			return err
		}
		if err := node.answers(ctx); err != nil {
			return err
		}
	}
	for _, node := range n.nodes {
		if err := node.Ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// add makes a node that does not run yet.
func (n *Network) add(program Program) (*Node, error) {
	node, err := newNode(n, len(n.nodes), program)
	if err == nil {
		n.nodes = append(n.nodes, node)
	}
	return node, err
}

// install puts a VM once where all nodes that run it look for it, and returns that place.
func (n *Network) install(vm VM) (string, error) {
	key := vm.Name + vm.Binary + vm.Script
	if home, ok := n.homes[key]; ok {
		return home, nil
	}
	home := n.folder.Path(fmt.Sprintf("vm-%d", len(n.homes)+1))
	n.homes[key] = home
	return home, vm.install(home)
}

// isMaking says whether the first node still makes the chain, alone.
func (n *Network) isMaking() bool {
	return n.chainID == ids.Empty
}
