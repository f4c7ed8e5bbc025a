package chaos

import (
	"context"
	"crypto"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ava-labs/avalanchego/api/metrics"
	"github.com/ava-labs/avalanchego/database"
	"github.com/ava-labs/avalanchego/database/leveldb"
	"github.com/ava-labs/avalanchego/database/prefixdb"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow"
	"github.com/ava-labs/avalanchego/snow/engine/enginetest"
	"github.com/ava-labs/avalanchego/snow/engine/snowman/block"
	"github.com/ava-labs/avalanchego/snow/validators"
	"github.com/ava-labs/avalanchego/snow/validators/validatorstest"
	"github.com/ava-labs/avalanchego/staking"
	"github.com/ava-labs/avalanchego/upgrade/upgradetest"
	"github.com/ava-labs/avalanchego/utils/constants"
	"github.com/ava-labs/avalanchego/utils/crypto/bls/signer/localsigner"
	"github.com/ava-labs/avalanchego/utils/logging"
	"github.com/ava-labs/avalanchego/vms/platformvm/warp"
	"github.com/ava-labs/avalanchego/vms/proposervm"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm/runtime"

	_ "github.com/timestampvm/timestampvm/tests/node/internal/nodeversion" // plugins ask this program
)

// site is what of a chain on one node outlives its processes.
type site struct {
	binary  string
	folder  string
	chainID ids.ID
	nodeID  ids.NodeID
}

func newSite(binary string) (site, error) {
	folder, err := os.MkdirTemp("", "timestampvm-chaos-")
	return site{binary: binary, folder: folder, chainID: ids.GenerateTestID(), nodeID: ids.GenerateTestNodeID()}, err
}

// plugin is a running plugin under AvalancheGo's client, proposervm and leveldb, driven in place of a node.
type plugin struct {
	ctx       context.Context // ends when the plugin is killed: calls to a process that is gone wait for it for ever
	cancel    context.CancelFunc
	inner     block.ChainVM
	consensus block.ChainVM // the proposervm around it
	handler   http.Handler
	pid       int
	killed    atomic.Bool
	database  database.Database
}

// launch starts the process, and does not call it yet.
func (s site) launch(ctx context.Context, log logging.Logger) (*plugin, error) {
	var pid pidRecorder
	made, err := rpcchainvm.NewFactory(s.binary, &pid, runtime.NewManager(), metrics.NewLabelGatherer("chain")).
		New(log)
	if err != nil {
		return nil, err
	}
	p := &plugin{inner: made.(block.ChainVM), pid: int(pid)}
	p.ctx, p.cancel = context.WithCancel(ctx)
	p.database, err = leveldb.New(filepath.Join(s.folder, "db"), nil, logging.NoLog{}, prometheus.NewRegistry())
	return p, err
}

// open brings the chain into normal operation, in the order of the node's calls.
func (p *plugin) open(s site, genesis []byte) error {
	chainContext, err := s.context()
	if err != nil {
		return err
	}
	config, err := proposerConfig(chainContext)
	if err != nil {
		return err
	}
	p.consensus = proposervm.New(p.inner, config)
	err = p.consensus.Initialize(p.ctx, chainContext, prefixdb.New([]byte("vm"), p.database),
		genesis, nil, nil, nil, &enginetest.Sender{})
	if err != nil {
		return err
	}
	if err := p.consensus.SetState(p.ctx, snow.Bootstrapping); err != nil {
		return err
	}
	handlers, err := p.consensus.CreateHandlers(p.ctx)
	if err != nil {
		return err
	}
	p.handler = handlers["/rpc"]
	last, err := p.consensus.LastAccepted(p.ctx)
	if err != nil {
		return err
	}
	if err := p.consensus.SetPreference(p.ctx, last); err != nil {
		return err
	}
	return p.consensus.SetState(p.ctx, snow.NormalOp)
}

// kill ends the process at once, and gives up all calls to it.
func (p *plugin) kill() error {
	p.killed.Store(true)
	err := syscall.Kill(p.pid, syscall.SIGKILL)
	p.cancel()
	return err
}

// bury lets go of what a killed plugin has left in this process. Nothing may use it any more.
func (p *plugin) bury() error {
	// The database first: whatever was not committed must stay so.
	err := p.database.Close()
	_ = p.inner.Shutdown(p.ctx) // fails to reach the process, and closes all connections
	return errors.Join(err, awaitGone(p.pid))
}

// pidRecorder learns the process ID, which the client keeps to itself.
type pidRecorder int

func (r *pidRecorder) TrackProcess(pid int) { *r = pidRecorder(pid) }
func (r *pidRecorder) UntrackProcess(int)   {}

func (s site) context() (*snow.Context, error) {
	key, err := localsigner.New()
	if err != nil {
		return nil, err
	}
	return &snow.Context{
		NetworkID:       constants.UnitTestID,
		SubnetID:        constants.PrimaryNetworkID,
		ChainID:         s.chainID,
		NodeID:          s.nodeID,
		PublicKey:       key.PublicKey(),
		NetworkUpgrades: upgradetest.GetConfig(upgradetest.Latest),
		Log:             logging.NoLog{},
		BCLookup:        ids.NewAliaser(),
		Metrics:         metrics.NewPrefixGatherer(),
		WarpSigner:      warp.NewSigner(key, constants.UnitTestID, s.chainID),
		ValidatorState:  nobody(),
		ChainDataDir:    filepath.Join(s.folder, "chainData"),
	}, nil
}

// nobody is an empty set of validators: with that, anybody may propose at any time.
func nobody() *validatorstest.State {
	zero := func(context.Context) (uint64, error) { return 0, nil }
	return &validatorstest.State{
		GetMinimumHeightF: zero,
		GetCurrentHeightF: zero,
		GetSubnetIDF:      func(context.Context, ids.ID) (ids.ID, error) { return constants.PrimaryNetworkID, nil },
		GetValidatorSetF: func(context.Context, uint64, ids.ID) (map[ids.NodeID]*validators.GetValidatorOutput, error) {
			return map[ids.NodeID]*validators.GetValidatorOutput{}, nil
		},
	}
}

func proposerConfig(c *snow.Context) (proposervm.Config, error) {
	pair, err := staking.NewTLSCert()
	if err != nil {
		return proposervm.Config{}, err
	}
	certificate, err := staking.ParseCertificate(pair.Leaf.Raw)
	if err != nil {
		return proposervm.Config{}, err
	}
	return proposervm.Config{
		Upgrades:          c.NetworkUpgrades,
		StakingLeafSigner: pair.PrivateKey.(crypto.Signer),
		StakingCertLeaf:   certificate,
		Registerer:        prometheus.NewRegistry(),
	}, nil
}
