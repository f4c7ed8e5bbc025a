//go:build until18

package release

import (
	"context"

	"github.com/ava-labs/avalanchego/snow/engine/common"
)

func (o opening) initialize(_ context.Context, vm VM) (waitForEvent, error) {
	events := make(chan common.Message, 1)
	err := vm.Initialize(o.chain, managerOf(o.db), o.genesis, nil, nil, events, nil, o.sender)
	return receiver(events), err
}
