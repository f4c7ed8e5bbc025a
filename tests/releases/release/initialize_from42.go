//go:build !until41

package release

import "context"

func (o opening) initialize(ctx context.Context, vm VM) (waitForEvent, error) {
	wait := func(ctx context.Context) error {
		event, err := vm.WaitForEvent(ctx)
		if err != nil {
			return err
		}
		return requireSomethingToBuild(event)
	}
	return wait, vm.Initialize(ctx, o.chain, o.db, o.genesis, nil, nil, nil, o.sender)
}
