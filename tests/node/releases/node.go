package releases

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/utils/rpc"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// Node is one node of a network. It has the same place, ports and keys whatever it runs.
type Node struct {
	network     *Network
	number      int // counts from 1
	program     Program
	dir         string
	httpPort    int
	stakingPort int
	id          string
	process     *nodeProcess // nil while it does not run
}

// Program returns what the node runs.
func (n *Node) Program() Program {
	return n.program
}

// ID returns the name by which the other nodes know it.
func (n *Node) ID() string {
	return n.id
}

// URL returns where the node's API is.
func (n *Node) URL() string {
	return "http://" + net.JoinHostPort(loopback, strconv.Itoa(n.httpPort))
}

// Client returns a client of the timestampvm chain on this node.
func (n *Node) Client() client.Client {
	return client.New(fmt.Sprintf("%s/ext/bc/%s/rpc", n.URL(), n.network.ChainID()))
}

// Start starts a node that was stopped or killed, and returns once it serves the chain.
func (n *Node) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := n.launch(); err != nil {
		return err
	}
	return n.ready(ctx)
}

// Stop asks the node to stop and waits until it has. It is an error when the node says it did not end well.
func (n *Node) Stop() error {
	return errors.Join(n.process.interrupt(), n.awaitEnd())
}

// Kill ends the node as a crash would, with no time to clean up.
func (n *Node) Kill() error {
	process := n.process
	n.process = nil
	return process.kill(stopTimeout)
}

// Install gives a node that does not run another program to run from now on, with everything it has so far.
func (n *Node) Install(program Program) error {
	n.program = program
	plugins := filepath.Join(n.dir, "plugins")
	if err := os.MkdirAll(plugins, 0o755); err != nil {
		return err
	}
	return sandbox.Install(program.Plugin, filepath.Join(plugins, network.VMID.String()))
}

// PID returns the process ID of a node that runs.
func (n *Node) PID() int {
	return n.process.cmd.Process.Pid
}

// PluginPIDs returns the process IDs of the node's plugins. Up to v1.10.17 it has one more than chains.
func (n *Node) PluginPIDs() ([]int, error) {
	return sandbox.ChildrenOf(n.PID(), n.dir+string(filepath.Separator))
}

// Dir returns where the node keeps everything.
func (n *Node) Dir() string {
	return n.dir
}

// ChainDataDir returns where the plugin keeps the chain.
func (n *Node) ChainDataDir() string {
	return filepath.Join(n.dir, "chainData", n.network.ChainID().String())
}

func (n *Node) String() string {
	return fmt.Sprintf("node %d of %s", n.number, n.program.Release)
}

func newNode(n *Network, number int, program Program) (*Node, error) {
	httpPort, err := freePort()
	if err != nil {
		return nil, err
	}
	stakingPort, err := freePort()
	if err != nil {
		return nil, err
	}
	node := &Node{
		network:     n,
		number:      number,
		dir:         n.folder.Path(strconv.Itoa(number)),
		httpPort:    httpPort,
		stakingPort: stakingPort,
	}
	return node, node.Install(program)
}

// awaitEnd waits until the node has ended, which something made it do.
func (n *Node) awaitEnd() error {
	process := n.process
	n.process = nil
	if err := process.wait(stopTimeout); err != nil {
		return fmt.Errorf("stopping %s: %w", n, err)
	}
	return nil
}

// launch starts a node and returns as soon as its process is up.
func (n *Node) launch() error {
	flags := n.program.Release.flags(n.place())
	var args []string
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		args = append(args, fmt.Sprintf("--%s=%s", name, flags[name]))
	}
	var err error
	n.process, err = startProcess(n.program.AvalancheGo, args, n.dir)
	if err != nil {
		return fmt.Errorf("starting %s: %w", n, err)
	}
	return nil
}

func (n *Node) place() place {
	p := place{
		dir:         n.dir,
		genesis:     n.network.folder.Path("genesis.json"),
		httpPort:    n.httpPort,
		stakingPort: n.stakingPort,
		nodes:       len(n.network.nodes),
	}
	if n.network.subnetID != ids.Empty {
		p.subnet = n.network.subnetID.String()
	}
	for i, other := range n.network.nodes {
		if other == n || other.id == "" {
			continue
		}
		p.others.add(other)
		if i == 0 {
			p.first.add(other)
		}
	}
	return p
}

func (p *peers) add(node *Node) {
	p.ids = append(p.ids, node.id)
	p.addresses = append(p.addresses, net.JoinHostPort(loopback, strconv.Itoa(node.stakingPort)))
}

// learnID waits until the node tells its ID, which it made with its keys at its first start.
func (n *Node) learnID(ctx context.Context) error {
	var reply struct {
		NodeID string `json:"nodeID"`
	}
	err := n.pollAlive(ctx, func() error { return n.askInfo(ctx, "getNodeID", &reply) })
	n.id = reply.NodeID
	return err
}

// connected waits until the node has met all others that run: with less of them it would not try to decide anything.
func (n *Node) connected(ctx context.Context) error {
	return n.pollAlive(ctx, func() error {
		var reply struct {
			Peers int `json:"numPeers,string"`
		}
		if err := n.askInfo(ctx, "peers", &reply); err != nil {
			return err
		}
		if others := n.network.running() - 1; reply.Peers < others {
			return fmt.Errorf("it has met %d of %d nodes", reply.Peers, others)
		}
		return nil
	})
}

// ready waits until the node serves the chain.
func (n *Node) ready(ctx context.Context) error {
	if err := n.connected(ctx); err != nil {
		return err
	}
	return n.pollAlive(ctx, func() error { return n.Client().Ping(ctx) })
}

func (n *Node) askInfo(ctx context.Context, method string, reply any) error {
	return rpc.NewEndpointRequester(n.URL()+"/ext/info").SendRequest(ctx, "info."+method, struct{}{}, reply)
}

// pollAlive polls as long as the node runs.
func (n *Node) pollAlive(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := n.process.ended
	go func() {
		select {
		case <-ended:
			cancel(errors.New("it has ended"))
		case <-ctx.Done():
		}
	}()
	if err := poll.Until(ctx, try); err != nil {
		return fmt.Errorf("waiting for %s: %w", n, errors.Join(err, context.Cause(ctx)))
	}
	return nil
}

// freePort finds a port that nobody is likely to take while the node is stopped: systems give out others by themselves,
// and plugins of other makes take lower ones.
func freePort() (int, error) {
	var err error
	for range 100 {
		port := 26000 + rand.IntN(6000)
		var listener net.Listener
		if listener, err = net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port))); err == nil {
			return port, listener.Close()
		}
	}
	return 0, err
}
