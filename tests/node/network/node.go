package network

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/utils/rpc"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
)

// Node is one node of a network. It has the same place, ports and keys whatever it runs, over all its starts.
type Node struct {
	network     *Network
	number      int // counts from 0
	program     Program
	home        string
	vmHome      string // has plugins/ in it
	httpPort    int
	stakingPort int
	keys        keys
	process     *nodeProcess // nil while it does not run
}

// Program returns what the node runs.
func (n *Node) Program() Program {
	return n.program
}

// ID returns the name by which the other nodes know it.
func (n *Node) ID() ids.NodeID {
	return n.keys.nodeID
}

// URL returns where the node's API is.
func (n *Node) URL() string {
	return "http://" + at(n.httpPort)
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

// Call asks one of the node's own APIs: a method such as info.peers.
func (n *Node) Call(ctx context.Context, method string, params, reply any) error {
	api, _, _ := strings.Cut(method, ".")
	return rpc.NewEndpointRequester(n.URL()+"/ext/"+api).SendRequest(ctx, method, params, reply)
}

// Start starts a node that does not run, and returns once it serves the chain.
func (n *Node) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := n.Launch(); err != nil {
		return err
	}
	return n.Ready(ctx)
}

// Launch starts a node that does not run, and returns as soon as its process is up.
func (n *Node) Launch() error {
	return n.launch(n.others())
}

// Stop asks the node to stop and waits until it has. It is an error when the node says it did not end well.
func (n *Node) Stop() error {
	return endAll([]*Node{n}, syscall.SIGTERM)
}

// Kill ends the node as a crash would, with no time to clean up.
func (n *Node) Kill() error {
	return endAll([]*Node{n}, syscall.SIGKILL)
}

// Install gives a node that does not run another program to run from now on, with everything it has so far.
func (n *Node) Install(program Program) (err error) {
	n.program = program
	n.vmHome, err = n.network.install(program.VM)
	return err
}

// PID returns the node's process ID; 0 of one that does not run.
func (n *Node) PID() int {
	if n.process == nil {
		return 0
	}
	return n.process.cmd.Process.Pid
}

// PluginPIDs returns the process IDs of the node's plugins. Up to v1.10.17 it has one more than chains.
func (n *Node) PluginPIDs() ([]int, error) {
	return sandbox.ChildrenOf(n.PID(), n.network.folder.Path())
}

// Dir returns where the node keeps everything. Its keys and plugins are not there.
func (n *Node) Dir() string {
	return filepath.Join(n.home, "data")
}

// DatabaseDir returns where the node keeps its own database.
func (n *Node) DatabaseDir() string {
	return filepath.Join(n.Dir(), "db")
}

// ChainDataDir returns where the plugin keeps the chain.
func (n *Node) ChainDataDir() string {
	return filepath.Join(n.Dir(), "chainData", n.network.ChainID().String())
}

// PluginDir returns where the node looks for plugins. All nodes with the same VM share it.
func (n *Node) PluginDir() string {
	return filepath.Join(n.vmHome, "plugins")
}

func (n *Node) String() string {
	return fmt.Sprintf("node %d of %s", n.number+1, n.program.Release)
}

func newNode(n *Network, number int, program Program) (*Node, error) {
	node := &Node{network: n, number: number, home: n.folder.Path(strconv.Itoa(number + 1))}
	var keysErr, httpErr, stakingErr error
	node.keys, keysErr = newKeys()
	node.httpPort, httpErr = freePort()
	node.stakingPort, stakingErr = freePort()
	return node, errors.Join(keysErr, httpErr, stakingErr, node.Install(program))
}

// launch starts a node that fetches what it has missed from some others.
func (n *Node) launch(from []*Node) error {
	if err := os.MkdirAll(n.Dir(), 0o755); err != nil {
		return err
	}
	flags := n.flags(from)
	var args []string
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		args = append(args, fmt.Sprintf("--%s=%s", name, flags[name]))
	}
	var err error
	if n.process, err = startProcess(n.program.AvalancheGo, args, n.home); err != nil {
		return fmt.Errorf("starting %s: %w", n, err)
	}
	return nil
}

// others returns the validators that run beside the node.
func (n *Node) others() []*Node {
	var others []*Node
	for _, other := range n.network.nodes[:len(n.network.config.Programs)] {
		if other != n && other.process != nil {
			others = append(others, other)
		}
	}
	return others
}

// Ready waits until the node serves the chain.
func (n *Node) Ready(ctx context.Context) error {
	return n.pollAlive(ctx, func() error {
		if err := n.connected(ctx); err != nil {
			return err
		}
		if err := n.bootstrapped(ctx); err != nil {
			return err
		}
		if n.network.config.Staked {
			return n.Healthy(ctx)
		}
		return nil // a node without peers is not well
	})
}

// answers waits until the node's API is there.
func (n *Node) answers(ctx context.Context) error {
	return n.pollAlive(ctx, func() error {
		var reply struct{}
		return n.Call(ctx, "info.getNodeID", struct{}{}, &reply)
	})
}

// connected gives an error until the node has met all others that run: with less of them it may not try to decide.
func (n *Node) connected(ctx context.Context) error {
	var reply struct {
		Peers int `json:"numPeers,string"`
	}
	if err := n.Call(ctx, "info.peers", struct{}{}, &reply); err != nil {
		return err
	}
	running := 0
	for _, node := range n.network.nodes {
		if node.process != nil {
			running++
		}
	}
	if reply.Peers < running-1 {
		return fmt.Errorf("it has met %d of %d nodes", reply.Peers, running-1)
	}
	return nil
}

// bootstrapped gives an error until requests reach the plugin.
func (n *Node) bootstrapped(ctx context.Context) error {
	var reply struct {
		Is bool `json:"isBootstrapped"`
	}
	chain := map[string]string{"chain": n.network.ChainID().String()}
	err := n.Call(ctx, "info.isBootstrapped", chain, &reply)
	if err == nil && !reply.Is {
		err = errors.New("the chain is not bootstrapped")
	}
	return err
}

// Healthy gives an error while the node says that it is not well.
func (n *Node) Healthy(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.URL()+"/ext/health", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it is not healthy: %s", response.Status)
	}
	return nil
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

// endAll signals all nodes that run before it waits for the first.
func endAll(nodes []*Node, signal syscall.Signal) error {
	running := slices.DeleteFunc(slices.Clone(nodes), func(node *Node) bool { return node.process == nil })
	var errs []error
	for _, node := range running {
		errs = append(errs, node.process.signal(signal))
	}
	for _, node := range running {
		if err := node.process.wait(stopTimeout); err != nil && signal != syscall.SIGKILL {
			errs = append(errs, fmt.Errorf("stopping %s: %w", node, err))
		}
		node.process = nil
	}
	return errors.Join(errs...)
}

func at(port int) string {
	return net.JoinHostPort(loopback, strconv.Itoa(port))
}

// Ports that systems do not give out by themselves, and above those of plugins of other makes.
const (
	firstPort = 26_000
	ports     = 6_000
)

// givenPort counts from a random start, so that no port is given to two nodes before either listens there.
var givenPort = atomic.Uint32{}

func init() {
	givenPort.Store(rand.Uint32N(ports))
}

// freePort finds a port that nobody is likely to take while the node is stopped.
func freePort() (int, error) {
	var err error
	for range 100 {
		port := firstPort + int(givenPort.Add(1)%ports)
		var listener net.Listener
		if listener, err = net.Listen("tcp", at(port)); err == nil {
			return port, listener.Close()
		}
	}
	return 0, err
}
