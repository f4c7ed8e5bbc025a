//go:build until18

package release

import (
	"context"
	"time"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow"
	"github.com/ava-labs/avalanchego/snow/consensus/snowman"
	"github.com/ava-labs/avalanchego/snow/engine/common"
	"github.com/ava-labs/avalanchego/snow/engine/snowman/block"
	"github.com/ava-labs/avalanchego/version"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm"
)

// VM is the release's client. Its calls take no context yet; here they do, as in later releases.
type VM struct {
	*rpcchainvm.VMClient
}

func asVM(made any) VM {
	return VM{made.(*rpcchainvm.VMClient)}
}

func (vm VM) Version(context.Context) (string, error) {
	return vm.VMClient.Version()
}

func (vm VM) SetState(_ context.Context, state snow.State) error {
	return vm.VMClient.SetState(state)
}

func (vm VM) Shutdown(context.Context) error {
	return vm.VMClient.Shutdown()
}

func (vm VM) CreateHandlers(context.Context) (map[string]*common.HTTPHandler, error) {
	return vm.VMClient.CreateHandlers()
}

func (vm VM) CreateStaticHandlers(context.Context) (map[string]*common.HTTPHandler, error) {
	return vm.VMClient.CreateStaticHandlers()
}

func (vm VM) BuildBlock(context.Context) (Block, error) {
	return asBlock(vm.VMClient.BuildBlock())
}

func (vm VM) ParseBlock(_ context.Context, bytes []byte) (Block, error) {
	return asBlock(vm.VMClient.ParseBlock(bytes))
}

func (vm VM) GetBlock(_ context.Context, id ids.ID) (Block, error) {
	return asBlock(vm.VMClient.GetBlock(id))
}

func (vm VM) LastAccepted(context.Context) (ids.ID, error) {
	return vm.VMClient.LastAccepted()
}

func (vm VM) SetPreference(_ context.Context, id ids.ID) error {
	return vm.VMClient.SetPreference(id)
}

func (vm VM) GetAncestors(_ context.Context, id ids.ID, blocks, bytes int, within time.Duration) ([][]byte, error) {
	return vm.VMClient.GetAncestors(id, blocks, bytes, within)
}

func (vm VM) BatchedParseBlock(_ context.Context, bytes [][]byte) ([]Block, error) {
	parsed, err := vm.VMClient.BatchedParseBlock(bytes)
	blocks := make([]Block, len(parsed))
	for i := range parsed {
		blocks[i] = Block{parsed[i]}
	}
	return blocks, err
}

func (vm VM) VerifyHeightIndex(context.Context) error {
	return vm.VMClient.VerifyHeightIndex()
}

func (vm VM) GetBlockIDAtHeight(_ context.Context, height uint64) (ids.ID, error) {
	return vm.VMClient.GetBlockIDAtHeight(height)
}

func (vm VM) StateSyncEnabled(context.Context) (bool, error) {
	return vm.VMClient.StateSyncEnabled()
}

func (vm VM) GetOngoingSyncStateSummary(context.Context) (block.StateSummary, error) {
	return vm.VMClient.GetOngoingSyncStateSummary()
}

func (vm VM) GetLastStateSummary(context.Context) (block.StateSummary, error) {
	return vm.VMClient.GetLastStateSummary()
}

func (vm VM) ParseStateSummary(_ context.Context, bytes []byte) (block.StateSummary, error) {
	return vm.VMClient.ParseStateSummary(bytes)
}

func (vm VM) GetStateSummary(_ context.Context, height uint64) (block.StateSummary, error) {
	return vm.VMClient.GetStateSummary(height)
}

func (vm VM) Connected(_ context.Context, node ids.NodeID, version *version.Application) error {
	return vm.VMClient.Connected(node, version)
}

func (vm VM) Disconnected(_ context.Context, node ids.NodeID) error {
	return vm.VMClient.Disconnected(node)
}

func (vm VM) HealthCheck(context.Context) (any, error) {
	return vm.VMClient.HealthCheck()
}

// Block is a block behind the release's client, with contexts as well.
type Block struct {
	snowman.Block
}

func asBlock(b snowman.Block, err error) (Block, error) {
	return Block{b}, err
}

func (b Block) Verify(context.Context) error {
	return b.Block.Verify()
}

func (b Block) Accept(context.Context) error {
	return b.Block.Accept()
}

func (b Block) Reject(context.Context) error {
	return b.Block.Reject()
}
