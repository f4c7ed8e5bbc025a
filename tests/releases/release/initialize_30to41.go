//go:build !until29 && until41

package release

import (
	"context"

	"github.com/ava-labs/avalanchego/snow/engine/common"
)

func (o opening) initialize(ctx context.Context, vm VM) (waitForEvent, error) {
	events := make(chan common.Message, 1)
	err := vm.Initialize(ctx, o.chain, o.db, o.genesis, nil, nil, events, nil, o.sender)
	return receiver(events), err
}
