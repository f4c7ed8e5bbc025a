//go:build !until30

package release

import (
	"context"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow/engine/common"
)

// FailAppRequest tells the plugin that a peer has not answered.
func FailAppRequest(ctx context.Context, vm VM, node ids.NodeID, request uint32) error {
	return vm.AppRequestFailed(ctx, node, request, common.ErrTimeout)
}
