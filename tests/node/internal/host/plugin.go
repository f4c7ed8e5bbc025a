// Package host runs a plugin in the place of a node, on AvalancheGo's own parts: its client of a plugin, its proposervm and
// its leveldb.
package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ava-labs/avalanchego/api/metrics"
	"github.com/ava-labs/avalanchego/database"
	"github.com/ava-labs/avalanchego/database/leveldb"
	"github.com/ava-labs/avalanchego/database/prefixdb"
	"github.com/ava-labs/avalanchego/snow"
	"github.com/ava-labs/avalanchego/snow/engine/enginetest"
	"github.com/ava-labs/avalanchego/snow/engine/snowman/block"
	"github.com/ava-labs/avalanchego/utils/logging"
	"github.com/ava-labs/avalanchego/vms/proposervm"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm/runtime"

	"github.com/timestampvm/timestampvm/tests/node/internal/liveness"
	_ "github.com/timestampvm/timestampvm/tests/node/internal/nodeversion" // plugins ask this program
)

// goneWithin is how long a process may take to go that has ended or was killed.
const goneWithin = 5 * time.Second

// vmPrefix parts the plugin's entries in the node's database from those of the proposervm.
var vmPrefix = []byte("vm")

// Plugin is a running plugin, driven in the place of a node.
type Plugin struct {
	Alive     context.Context // ends when the plugin is killed: calls to a process that is gone wait for it for ever
	Inner     block.ChainVM   // the plugin itself, behind AvalancheGo's client
	Consensus block.ChainVM   // the proposervm around it
	Handler   http.Handler    // of the chain's JSON-RPC
	Context   *snow.Context
	PID       int

	killed   atomic.Bool
	cancel   context.CancelFunc
	database database.Database
}

// Launch starts the executable as a node does, and does not call it yet. What it writes goes to the log.
func Launch(ctx context.Context, binary string, s Site, log logging.Logger) (*Plugin, error) {
	var pid pidRecorder
	made, err := rpcchainvm.NewFactory(binary, &pid, runtime.NewManager(), metrics.NewLabelGatherer("chain")).New(log)
	if err != nil {
		return nil, err
	}
	p := &Plugin{Inner: made.(block.ChainVM), PID: int(pid)}
	p.Alive, p.cancel = context.WithCancel(ctx)
	if p.Context, err = s.context(); err != nil {
		return nil, errors.Join(err, p.Kill())
	}
	config, err := proposerConfig(p.Context)
	if err != nil {
		return nil, errors.Join(err, p.Kill())
	}
	p.Consensus = proposervm.New(p.Inner, config)
	if p.database, err = openDatabase(s); err != nil {
		return nil, errors.Join(err, p.Kill())
	}
	return p, nil
}

// Initialize opens a chain whose first block carries the data, up to where a node fetches blocks from its peers.
func (p *Plugin) Initialize(data string) error {
	genesis, err := json.Marshal(map[string]string{"data": data})
	if err != nil {
		return err
	}
	db := prefixdb.New(vmPrefix, p.database)
	err = p.Consensus.Initialize(p.Alive, p.Context, db, genesis, nil, nil, nil, &enginetest.Sender{})
	if err != nil {
		return err
	}
	handlers, err := p.Consensus.CreateHandlers(p.Alive)
	if err != nil {
		return err
	}
	p.Handler = handlers["/rpc"]
	return p.Consensus.SetState(p.Alive, snow.Bootstrapping)
}

// FinishBootstrapping brings an initialized chain into normal operation.
func (p *Plugin) FinishBootstrapping() error {
	last, err := p.Consensus.LastAccepted(p.Alive)
	if err != nil {
		return err
	}
	if err := p.Consensus.SetPreference(p.Alive, last); err != nil {
		return err
	}
	return p.Consensus.SetState(p.Alive, snow.NormalOp)
}

// Close stops the plugin in good order, and lets go of the node's database. It is an error if it had to be killed.
func (p *Plugin) Close() error {
	defer p.cancel()
	began := time.Now()
	// Past the proposervm, which has nothing left to do here: it commits with every block.
	err := p.Inner.Shutdown(p.Alive)
	if time.Since(began) >= runtime.DefaultGracefulTimeout {
		err = errors.Join(err, fmt.Errorf("plugin %d had to be killed after its Shutdown", p.PID))
	}
	return errors.Join(err, AwaitGone(p.PID), p.database.Close())
}

// Kill ends the process at once, and gives up all calls to it.
func (p *Plugin) Kill() error {
	p.killed.Store(true)
	err := syscall.Kill(p.PID, syscall.SIGKILL)
	p.cancel()
	return err
}

// IsKilled says whether somebody has called Kill.
func (p *Plugin) IsKilled() bool {
	return p.killed.Load()
}

// Bury lets go of what a killed plugin has left in this process. Nothing may use it any more.
func (p *Plugin) Bury() error {
	// The database first: whatever was not committed must stay so.
	err := p.database.Close()
	_ = p.Inner.Shutdown(p.Alive) // fails to reach the process, and closes all connections
	return errors.Join(err, AwaitGone(p.PID))
}

// AwaitGone waits until processes that have ended or were killed are gone.
func AwaitGone(pids ...int) error {
	until := time.Now().Add(goneWithin)
	for _, pid := range pids {
		for liveness.IsRunning(pid) {
			if time.Now().After(until) {
				return fmt.Errorf("process %d is still there", pid)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	return nil
}

// WithDatabase works on what a stopped node lends the plugin.
func WithDatabase(s Site, work func(database.Database) error) error {
	db, err := openDatabase(s)
	if err != nil {
		return err
	}
	return errors.Join(work(prefixdb.New(vmPrefix, db)), db.Close())
}

func openDatabase(s Site) (database.Database, error) {
	return leveldb.New(s.NodeDB, nil, logging.NoLog{}, prometheus.NewRegistry())
}

// pidRecorder learns the process ID, which the client keeps to itself.
type pidRecorder int

func (r *pidRecorder) TrackProcess(pid int) { *r = pidRecorder(pid) }
func (r *pidRecorder) UntrackProcess(int)   {}
