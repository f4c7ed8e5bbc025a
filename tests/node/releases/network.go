// Package releases runs nodes of old and new releases of AvalancheGo with a timestampvm chain, as programs, the way an
// operator would: started with flags, spoken to over HTTP, stopped with a signal.
//
// Sybil protection is off, as every network but the public ones allows: all nodes validate everything.
package releases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

const (
	// Generous: on a busy machine with two cores, an old node alone takes ten seconds to make its keys.
	startTimeout = 4 * time.Minute
	stopTimeout  = 40 * time.Second

	loopback = "127.0.0.1"
)

// Program is what a node runs.
type Program struct {
	Release     Release
	AvalancheGo string // path of the release's executable
	Plugin      string // path of the plugin's executable
}

// Network is a running network with one timestampvm chain, which all its nodes validate.
type Network struct {
	folder   sandbox.Folder
	guard    sandbox.Guard
	nodes    []*Node
	subnetID ids.ID
	chainID  ids.ID
}

// Start starts one node per program and creates a chain whose first block carries the data. It returns once every node
// serves the chain. What does not come up is stopped again.
func Start(ctx context.Context, genesis string, programs ...Program) (*Network, error) {
	folder, err := sandbox.Make("timestampvm-releases-")
	if err != nil {
		return nil, err
	}
	guard, err := sandbox.StartGuard(folder)
	if err != nil {
		return nil, errors.Join(err, folder.EndAndRemove(stopTimeout))
	}
	n := &Network{folder: folder, guard: guard}
	if err := n.start(ctx, genesis, programs); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the network: %w%s", err, n.LogTails()), n.Stop())
	}
	return n, nil
}

// Nodes returns the nodes, in the order of their programs.
func (n *Network) Nodes() []*Node {
	return n.nodes
}

// ChainID returns the ID of the timestampvm chain.
func (n *Network) ChainID() ids.ID {
	return n.chainID
}

// Stop stops all nodes and removes everything they wrote. Processes that are left then are ended, and the error says so.
func (n *Network) Stop() error {
	errs := []error{n.StopNodes()}
	left, err := n.folder.Processes()
	if len(left) > 0 {
		err = errors.Join(err, fmt.Errorf("processes %v outlived their nodes", left))
	}
	return errors.Join(append(errs, err, n.folder.EndAndRemove(stopTimeout), n.guard.Dismiss())...)
}

// StopNodes asks all nodes to stop that run, and waits until they have.
func (n *Network) StopNodes() error {
	var errs []error
	for _, node := range n.nodes {
		if node.process != nil {
			errs = append(errs, node.process.interrupt())
		}
	}
	for _, node := range n.nodes {
		if node.process != nil {
			errs = append(errs, node.awaitEnd())
		}
	}
	return errors.Join(errs...)
}

// StartNodes starts all nodes that do not run, and returns once every node serves the chain.
func (n *Network) StartNodes(ctx context.Context) error {
	if err := n.launchAll(ctx); err != nil {
		return err
	}
	for _, node := range n.nodes {
		if err := node.ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// LogTails returns the last lines of what every node wrote, to explain a failure.
func (n *Network) LogTails() string {
	var text string
	for _, node := range n.nodes {
		text += node.LogTails()
	}
	return text
}

// A node must know the subnet and the other nodes when it starts, so the nodes start twice.
func (n *Network) start(ctx context.Context, genesis string, programs []Program) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	if err := writeGenesis(n.folder.Path("genesis.json")); err != nil {
		return err
	}
	for i, program := range programs {
		node, err := newNode(n, i+1, program)
		if err != nil {
			return err
		}
		n.nodes = append(n.nodes, node)
	}
	if err := n.launchAll(ctx); err != nil {
		return err
	}
	var err error
	if n.subnetID, err = platformOf(n.nodes[0].URL()).createSubnet(ctx); err != nil {
		return err
	}
	if err := n.StopNodes(); err != nil {
		return err
	}
	if err := n.launchAll(ctx); err != nil {
		return err
	}
	data, err := json.Marshal(map[string]string{"data": genesis})
	if err != nil {
		return err
	}
	if n.chainID, err = platformOf(n.nodes[0].URL()).createChain(ctx, n.subnetID, network.VMID, data); err != nil {
		return err
	}
	for _, node := range n.nodes {
		if err := node.ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// launchAll starts all nodes that do not run, learns their IDs, which they make at their first start, and waits until all
// have met.
func (n *Network) launchAll(ctx context.Context) error {
	for _, node := range n.nodes {
		if node.process != nil {
			continue
		}
		if err := node.launch(); err != nil {
			return err
		}
		if err := node.learnID(ctx); err != nil {
			return err
		}
	}
	for _, node := range n.nodes {
		if err := node.connected(ctx); err != nil {
			return err
		}
	}
	return nil
}

// running counts the nodes that run.
func (n *Network) running() int {
	count := 0
	for _, node := range n.nodes {
		if node.process != nil {
			count++
		}
	}
	return count
}
