package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/ava-labs/avalanchego/api/info"
	"github.com/ava-labs/avalanchego/config"
	"github.com/ava-labs/avalanchego/config/node"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/tests/fixture/tmpnet"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
)

// Node is one node of a network.
type Node struct {
	tmp     *tmpnet.Node
	network *Network
}

// ID returns the name by which the other nodes know it.
func (n *Node) ID() ids.NodeID {
	return n.tmp.NodeID
}

// URL returns where the node's API is. It stays the same over restarts.
func (n *Node) URL() string {
	return n.tmp.URI
}

// ChainURL returns below which URL the node serves the chain.
func (n *Node) ChainURL() string {
	return fmt.Sprintf("%s/ext/bc/%s", n.URL(), n.network.ChainID())
}

// RPCURL returns where the node serves a timestampvm chain.
func (n *Node) RPCURL() string {
	return n.ChainURL() + "/rpc"
}

// Client returns a client of a timestampvm chain on this node.
func (n *Node) Client() client.Client {
	return client.New(n.RPCURL())
}

// Start starts a node that was stopped or killed, and returns once it serves the chain.
func (n *Node) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := n.launch(ctx); err != nil {
		return err
	}
	return n.ready(ctx)
}

// Launch starts a node that was stopped or killed, and returns as soon as its process is up.
func (n *Node) Launch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return n.launch(ctx)
}

// Stop asks the node to stop and waits until it has.
func (n *Node) Stop() error {
	return endAll([]*Node{n}, syscall.SIGTERM)
}

// Kill ends the node as a crash would, with no time to clean up.
func (n *Node) Kill() error {
	return endAll([]*Node{n}, syscall.SIGKILL)
}

// PID returns the node's process ID.
func (n *Node) PID() (int, error) {
	bytes, err := os.ReadFile(n.processFile())
	if err != nil {
		return 0, fmt.Errorf("node %s is not running: %w", n.ID(), err)
	}
	var context node.ProcessContext
	if err := json.Unmarshal(bytes, &context); err != nil {
		return 0, err
	}
	return context.PID, nil
}

// Dir returns where the node keeps everything. Its keys are not there alone: a node that is started again has them.
func (n *Node) Dir() string {
	return n.tmp.DataDir
}

// DatabaseDir returns where the node keeps its own database.
func (n *Node) DatabaseDir() string {
	return filepath.Join(n.tmp.DataDir, "db")
}

// ChainDataDir returns where the plugin keeps the chain.
func (n *Node) ChainDataDir() string {
	return filepath.Join(n.tmp.DataDir, "chainData", n.network.ChainID().String())
}

// PluginPIDs returns the process IDs of the node's plugins.
func (n *Node) PluginPIDs() ([]int, error) {
	pid, err := n.PID()
	if err != nil {
		return nil, err
	}
	return sandbox.ChildrenOf(pid, n.network.folder.Path())
}

// endAll signals all nodes before it waits for the first.
func endAll(nodes []*Node, signal syscall.Signal) error {
	pids := make([]int, len(nodes))
	for i, node := range nodes {
		var err error
		if pids[i], err = node.PID(); err != nil {
			return err
		}
		if err := syscall.Kill(pids[i], signal); err != nil {
			return err
		}
	}
	for i, node := range nodes {
		if err := sandbox.AwaitExit(pids[i], stopTimeout); err != nil {
			return fmt.Errorf("ending node %s: %w", node.ID(), err)
		}
		if err := node.forgetProcess(); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) launch(ctx context.Context) error {
	if err := n.tmp.Write(); err != nil {
		return err
	}
	if err := n.tmp.Start(ctx); err != nil {
		return fmt.Errorf("starting node %s: %w", n.ID(), err)
	}
	return nil
}

// ready waits until the node serves the chain.
func (n *Node) ready(ctx context.Context) error {
	if err := n.keepPort(); err != nil {
		return err
	}
	// tmpnet's own wait gives up at the first call that fails, which a busy machine is enough for.
	err := poll.Until(ctx, func() error {
		healthy, err := n.tmp.IsHealthy(ctx)
		switch {
		case err != nil:
			return err
		case !healthy:
			return errors.New("it is not healthy")
		}
		return n.bootstrapped(ctx)
	})
	if err != nil {
		return fmt.Errorf("waiting for node %s: %w", n.ID(), err)
	}
	return nil
}

// bootstrapped returns an error until requests reach the plugin, which may be a moment later than the node is healthy.
func (n *Node) bootstrapped(ctx context.Context) error {
	is, err := info.NewClient(n.URL()).IsBootstrapped(ctx, n.network.ChainID().String())
	if err == nil && !is {
		err = errors.New("the chain is not bootstrapped")
	}
	return err
}

// keepPort makes the node come back on the port that the system gave it the first time.
func (n *Node) keepPort() error {
	address, err := url.Parse(n.tmp.URI)
	if err != nil {
		return err
	}
	n.tmp.Flags[config.HTTPPortKey] = address.Port()
	return nil
}

// forgetProcess makes tmpnet see that the node does not run. It trusts this file, and a node that was killed leaves it.
func (n *Node) forgetProcess() error {
	n.tmp.URI = ""
	n.tmp.StakingAddress = netip.AddrPort{}
	if err := os.Remove(n.processFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (n *Node) processFile() string {
	return filepath.Join(n.tmp.DataDir, config.DefaultProcessContextFilename)
}
