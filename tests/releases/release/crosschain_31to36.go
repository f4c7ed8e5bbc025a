//go:build !until30 && until36

package release

import (
	"context"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow/engine/common"
)

// FailCrossChainAppRequest tells the plugin that another chain has not answered.
func FailCrossChainAppRequest(ctx context.Context, vm VM, chain ids.ID, request uint32) error {
	return vm.CrossChainAppRequestFailed(ctx, chain, request, common.ErrTimeout)
}
