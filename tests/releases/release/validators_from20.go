//go:build !until19

package release

import (
	"context"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow/validators"
)

func (a alone) GetValidatorSet(
	context.Context, uint64, ids.ID,
) (map[ids.NodeID]*validators.GetValidatorOutput, error) {
	return map[ids.NodeID]*validators.GetValidatorOutput{a.nodeID: {NodeID: a.nodeID, Weight: 1}}, nil
}
