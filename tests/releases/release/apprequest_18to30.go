//go:build !until17 && until30

package release

import (
	"context"

	"github.com/ava-labs/avalanchego/ids"
)

// FailAppRequest tells the plugin that a peer has not answered.
func FailAppRequest(ctx context.Context, vm VM, node ids.NodeID, request uint32) error {
	return vm.AppRequestFailed(ctx, node, request)
}

// FailCrossChainAppRequest tells the plugin that another chain has not answered.
func FailCrossChainAppRequest(ctx context.Context, vm VM, chain ids.ID, request uint32) error {
	return vm.CrossChainAppRequestFailed(ctx, chain, request)
}
