// Package network runs a real AvalancheGo network with a chain of a VM on this machine: for the tests beside it and for the
// network command.
//
// Everything a network needs lives in one temporary folder, whose path also tells its processes from all others.
package network

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"syscall"
	"time"

	"github.com/ava-labs/avalanchego/config"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/tests/fixture/tmpnet"
	"github.com/ava-labs/avalanchego/utils/logging"

	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
)

const (
	// Generous: a first start on a busy machine with two cores takes about half a minute.
	startTimeout = 4 * time.Minute
	stopTimeout  = 40 * time.Second

	subnetName = "timestampvm"
)

// Config is what a network is made of.
type Config struct {
	Nodes       int
	AvalancheGo string // path of the node's executable
	VM          VM
	Subnet      tmpnet.ConfigMap        // the nodes' configuration of the chain's subnet; AvalancheGo's own if nil
	Flags       tmpnet.FlagsMap         // of the nodes, beside those that all networks have
	FlagsOf     map[int]tmpnet.FlagsMap // of single nodes, counted from 0
	Log         logging.Logger
}

// LargeBlocksQuickly are flags of nodes that take more from a peer than 512 KiB per second.
var LargeBlocksQuickly = tmpnet.FlagsMap{
	config.InboundThrottlerBandwidthRefillRateKey:   "67108864",
	config.InboundThrottlerBandwidthMaxBurstSizeKey: "67108864",
}

// Network is a running network. Its first nodes validate the chain, those that Join only follow it.
type Network struct {
	config         Config
	folder         folder
	tmp            *tmpnet.Network
	chain          *tmpnet.Chain
	nodes          []*Node
	guard          sandbox.Guard
	oldEnvironment map[string]string
}

// Start creates a network and a chain on it, and returns once every node serves the chain. What does not come up is
// stopped again.
func Start(ctx context.Context, config Config) (*Network, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	n, err := prepare(config)
	if err != nil {
		return nil, err
	}
	if err := n.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the network: %w%s", err, n.LogTails()), n.Stop())
	}
	return n, nil
}

// ChainID returns the ID of the chain.
func (n *Network) ChainID() ids.ID {
	return n.chain.ChainID
}

// Nodes returns the nodes in the order in which they came.
func (n *Network) Nodes() []*Node {
	return n.nodes
}

// Join starts one more node, which follows the chain without being a validator.
func (n *Network) Join(ctx context.Context) (*Node, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	joining := tmpnet.NewEphemeralNode(tmpnet.FlagsMap{
		config.TrackSubnetsKey: n.tmp.GetSubnet(subnetName).SubnetID.String(),
	})
	if err := n.tmp.StartNode(ctx, joining); err != nil {
		return nil, fmt.Errorf("starting a joining node: %w", err)
	}
	node := &Node{tmp: joining, network: n}
	n.nodes = append(n.nodes, node)
	return node, node.ready(ctx)
}

// Restart stops all nodes, so that nobody is left who remembers, and then starts them again.
func (n *Network) Restart(ctx context.Context) error {
	if err := endAll(n.nodes, syscall.SIGTERM); err != nil {
		return err
	}
	return n.startAll(ctx)
}

// Crash kills all nodes at once and then starts them again.
func (n *Network) Crash(ctx context.Context) error {
	if err := endAll(n.nodes, syscall.SIGKILL); err != nil {
		return err
	}
	return n.startAll(ctx)
}

func (n *Network) startAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	for _, node := range n.nodes {
		if err := node.launch(ctx); err != nil {
			return err
		}
	}
	for _, node := range n.nodes {
		if err := node.ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ErrUncleanStop is in the error of a Stop, or of a Start that had to give up, when not all went in good order.
var ErrUncleanStop = errors.New("the network did not stop cleanly")

// Stop ends every process of the network and removes its folder. Processes that do not stop by themselves are killed,
// and then the error says so.
func (n *Network) Stop() error {
	err := errors.Join(n.folder.EndAndRemove(stopTimeout), n.guard.Dismiss(), n.restoreEnvironment())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUncleanStop, err)
	}
	return nil
}

func prepare(c Config) (*Network, error) {
	if c.Log == nil {
		c.Log = logging.NoLog{}
	}
	folder, err := makeFolder()
	if err != nil {
		return nil, err
	}
	guard, err := sandbox.StartGuard(folder.Folder)
	if err != nil {
		return nil, errors.Join(err, folder.EndAndRemove(stopTimeout))
	}
	if err := folder.installVM(c.VM); err != nil {
		return nil, errors.Join(err, guard.Dismiss())
	}

	chain := &tmpnet.Chain{VMID: c.VM.ID(), Genesis: c.VM.Genesis, VersionArgs: c.VM.VersionArgs}
	validators := tmpnet.NewNodesOrPanic(c.Nodes)
	for i, flags := range c.FlagsOf {
		maps.Copy(validators[i].Flags, flags)
	}
	n := &Network{
		config:         c,
		folder:         folder,
		guard:          guard,
		chain:          chain,
		oldEnvironment: map[string]string{},
		tmp: &tmpnet.Network{
			Owner: "timestampvm",
			Nodes: validators,
			Subnets: []*tmpnet.Subnet{{
				Name:         subnetName,
				ValidatorIDs: tmpnet.NodesToIDs(validators...),
				Chains:       []*tmpnet.Chain{chain},
				Config:       c.Subnet,
			}},
			DefaultFlags: flags(c.Flags),
			DefaultRuntimeConfig: tmpnet.NodeRuntimeConfig{Process: &tmpnet.ProcessRuntimeConfig{
				AvalancheGoPath:   c.AvalancheGo,
				PluginDir:         folder.plugins(),
				ReuseDynamicPorts: true,
			}},
		},
	}
	for _, validator := range validators {
		n.nodes = append(n.nodes, &Node{tmp: validator, network: n})
	}
	return n, nil
}

func (n *Network) start(ctx context.Context) error {
	if err := n.redirectEnvironment(); err != nil {
		return err
	}
	if err := tmpnet.BootstrapNewNetwork(ctx, n.config.Log, n.tmp, n.folder.networks()); err != nil {
		return err
	}
	for _, node := range n.nodes {
		if err := node.ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// redirectEnvironment lets tmpnet and the nodes write into the network's folder what they leave in the user's home folder
// and among the temporary files.
func (n *Network) redirectEnvironment() error {
	for _, name := range []string{"HOME", "TMPDIR"} {
		n.oldEnvironment[name] = os.Getenv(name)
		if err := os.Setenv(name, n.folder.home()); err != nil {
			return err
		}
	}
	return nil
}

func (n *Network) restoreEnvironment() error {
	var errs []error
	for name, value := range n.oldEnvironment {
		if value == "" {
			errs = append(errs, os.Unsetenv(name))
		} else {
			errs = append(errs, os.Setenv(name, value))
		}
	}
	return errors.Join(errs...)
}

func flags(more tmpnet.FlagsMap) tmpnet.FlagsMap {
	// These let a block follow its parent at once. Otherwise AvalancheGo leaves a second between them.
	flags := tmpnet.DefaultE2EFlags()
	flags.SetDefaults(tmpnet.DefaultTmpnetFlags())
	flags[config.LogLevelKey] = logging.Info.String()
	// AvalancheGo does not start with a limit above what the machine allows, and its default is above what many do.
	flags[config.FdLimitKey] = "4096"
	maps.Copy(flags, more)
	return flags
}
