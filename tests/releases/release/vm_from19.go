//go:build !until18

package release

import (
	"github.com/ava-labs/avalanchego/snow/consensus/snowman"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm"
)

// VM is the release's client.
type VM = *rpcchainvm.VMClient

// Block is a block behind the release's client.
type Block = snowman.Block

func asVM(made any) VM {
	return made.(VM)
}
