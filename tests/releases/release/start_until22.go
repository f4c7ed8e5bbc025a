//go:build until22

package release

import (
	"github.com/hashicorp/go-plugin"

	"github.com/ava-labs/avalanchego/snow"
	"github.com/ava-labs/avalanchego/utils/logging"
	"github.com/ava-labs/avalanchego/utils/resource"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm"
)

// Protocol is the RPCChainVM protocol of the release.
var Protocol = rpcchainvm.Handshake.ProtocolVersion

func start(binary string, log logging.Logger, process resource.ProcessTracker) (vm VM, stop func(), err error) {
	made, err := rpcchainvm.NewFactory(binary, process).New(&snow.Context{Log: log})
	if err != nil {
		return vm, nil, err
	}
	return asVM(made), plugin.CleanupClients, nil
}
