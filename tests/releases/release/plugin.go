// Package release does with a plugin what a node of one release of AvalancheGo does, through that release's own code.
//
// Only one release is built at a time: the one that the module file pins. What changed between releases is in files that
// are named after the protocols they are for. The build tag untilN is set for releases that speak protocol N or an older
// one.
package release

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/ava-labs/avalanchego/database"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow"
	"github.com/ava-labs/avalanchego/utils/logging"
)

// Plugin is a running plugin behind the release's client.
type Plugin struct {
	VM
	Process *Process
	// Stop is what the node does with its plugins when it ends, without a Shutdown.
	Stop func()
}

// Start starts the binary as a plugin. What it writes goes to the log.
func Start(binary string, log logging.Logger) (*Plugin, error) {
	process := &Process{}
	vm, stop, err := start(binary, log, process)
	if err != nil {
		return nil, err
	}
	return &Plugin{VM: vm, Process: process, Stop: stop}, nil
}

// Site is what of a chain outlives the plugin.
type Site struct {
	ChainID  ids.ID
	NodeID   ids.NodeID
	Home     string // the home folder of whoever runs the node
	Database database.Database
}

// ChainData is the folder where the plugin keeps its data. Before protocol 20 the node does not name it, and the plugin
// takes the one that later nodes name.
func (s Site) ChainData() string {
	return filepath.Join(s.Home, ".avalanchego", "chainData", s.ChainID.String())
}

// Chain is a chain that a plugin runs for a node.
type Chain struct {
	*Plugin
	Context *snow.Context
	// WaitForEvent returns when the plugin tells that there is something to build. It fails on any other event.
	WaitForEvent waitForEvent
}

// Initialize opens the chain of the site. What the plugin sends to its peers goes to gossip.
func (p *Plugin) Initialize(
	ctx context.Context, s Site, genesis []byte, log logging.Logger, gossip func([]byte),
) (*Chain, error) {
	c := &Chain{Plugin: p, Context: newContext(s, log)}
	var err error
	c.WaitForEvent, err = opening{c.Context, s.Database, genesis, sender{gossip: gossip}}.initialize(ctx, p.VM)
	return c, err
}

// Process is what the node's process tracker knows of the plugin.
type Process struct {
	lock  sync.Mutex
	pid   int
	ended bool
}

// TrackProcess is called when the plugin has started.
func (p *Process) TrackProcess(pid int) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.pid = pid
}

// UntrackProcess is called when the plugin has ended.
func (p *Process) UntrackProcess(int) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.ended = true
}

// PID returns the ID of the process.
func (p *Process) PID() int {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.pid
}

// HasEnded tells whether the client has seen the plugin end.
func (p *Process) HasEnded() bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.ended
}
