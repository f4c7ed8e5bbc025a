//go:build until17

package release

import (
	"context"
	"time"

	"github.com/ava-labs/avalanchego/ids"
)

func (vm VM) AppRequest(_ context.Context, node ids.NodeID, request uint32, deadline time.Time, message []byte) error {
	return vm.VMClient.AppRequest(node, request, deadline, message)
}

func (vm VM) AppResponse(_ context.Context, node ids.NodeID, request uint32, message []byte) error {
	return vm.VMClient.AppResponse(node, request, message)
}

func (vm VM) AppGossip(_ context.Context, node ids.NodeID, message []byte) error {
	return vm.VMClient.AppGossip(node, message)
}

// FailAppRequest tells the plugin that a peer has not answered.
func FailAppRequest(_ context.Context, vm VM, node ids.NodeID, request uint32) error {
	return vm.VMClient.AppRequestFailed(node, request)
}
