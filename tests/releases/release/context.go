package release

import (
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow"
	"github.com/ava-labs/avalanchego/utils/constants"
	"github.com/ava-labs/avalanchego/utils/logging"
)

// newContext is what the node tells the plugin about the chain and itself. What is there but never asked for by this
// plugin is left out.
func newContext(s Site, log logging.Logger) *snow.Context {
	chain := &snow.Context{
		NetworkID:   constants.LocalID,
		SubnetID:    ids.ID{1},
		ChainID:     s.ChainID,
		NodeID:      s.NodeID,
		XChainID:    ids.ID{2},
		AVAXAssetID: ids.ID{3},
		Log:         log,
		BCLookup:    ids.NewAliaser(),
	}
	addMetrics(chain)
	addChainData(chain, s.ChainData())
	addPublicKey(chain)
	addUpgrades(chain)
	addValidators(chain)
	return chain
}
