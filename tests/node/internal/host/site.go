package host

import (
	"context"
	"crypto"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ava-labs/avalanchego/api/metrics"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow"
	"github.com/ava-labs/avalanchego/snow/validators"
	"github.com/ava-labs/avalanchego/snow/validators/validatorstest"
	"github.com/ava-labs/avalanchego/staking"
	"github.com/ava-labs/avalanchego/upgrade/upgradetest"
	"github.com/ava-labs/avalanchego/utils/constants"
	"github.com/ava-labs/avalanchego/utils/crypto/bls/signer/localsigner"
	"github.com/ava-labs/avalanchego/utils/logging"
	"github.com/ava-labs/avalanchego/vms/platformvm/warp"
	"github.com/ava-labs/avalanchego/vms/proposervm"
)

// Site is what of one chain on one node outlives the processes.
type Site struct {
	ChainID   ids.ID
	NodeID    ids.NodeID
	NodeDB    string // the folder of the node's own database
	ChainData string // the folder where the plugin keeps its data
}

// NewSite is a site of a new chain, in a folder.
func NewSite(folder string) Site {
	return Site{
		ChainID:   ids.GenerateTestID(),
		NodeID:    ids.GenerateTestNodeID(),
		NodeDB:    filepath.Join(folder, "db"),
		ChainData: filepath.Join(folder, "chainData"),
	}
}

func (s Site) context() (*snow.Context, error) {
	key, err := localsigner.New()
	if err != nil {
		return nil, err
	}
	return &snow.Context{
		NetworkID:       constants.UnitTestID,
		SubnetID:        constants.PrimaryNetworkID,
		ChainID:         s.ChainID,
		NodeID:          s.NodeID,
		PublicKey:       key.PublicKey(),
		NetworkUpgrades: upgradetest.GetConfig(upgradetest.Latest),
		Log:             logging.NoLog{},
		BCLookup:        ids.NewAliaser(),
		Metrics:         metrics.NewPrefixGatherer(),
		WarpSigner:      warp.NewSigner(key, constants.UnitTestID, s.ChainID),
		ValidatorState:  nobody(),
		ChainDataDir:    s.ChainData,
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
