//go:build !until23 && until35

package release

import (
	"context"

	"github.com/ava-labs/avalanchego/utils/logging"
	"github.com/ava-labs/avalanchego/utils/resource"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm/runtime"
)

func start(binary string, log logging.Logger, process resource.ProcessTracker) (VM, func(), error) {
	manager := runtime.NewManager()
	made, err := rpcchainvm.NewFactory(binary, process, manager).New(log)
	if err != nil {
		return nil, nil, err
	}
	return asVM(made), func() { manager.Stop(context.Background()) }, nil
}
