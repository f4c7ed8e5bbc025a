//go:build until19 && !until18

package release

import (
	"context"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow"
	"github.com/ava-labs/avalanchego/snow/validators"
)

func addValidators(chain *snow.Context) { chain.ValidatorState = alone{nodeID: chain.NodeID} }

// alone is a P-Chain that knows one validator, of every subnet.
type alone struct {
	validators.State
	nodeID ids.NodeID
}

func (alone) GetCurrentHeight(context.Context) (uint64, error) { return 1, nil }

func (a alone) GetValidatorSet(context.Context, uint64, ids.ID) (map[ids.NodeID]uint64, error) {
	return map[ids.NodeID]uint64{a.nodeID: 1}, nil
}
