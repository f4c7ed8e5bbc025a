//go:build until41

package release

import (
	"context"

	"github.com/ava-labs/avalanchego/snow/engine/common"
)

// receiver waits for an event in the channel that the plugin's notifications go to. Like the node's, it holds one.
func receiver(events <-chan common.Message) waitForEvent {
	return func(ctx context.Context) error {
		select {
		case event := <-events:
			return requireSomethingToBuild(event)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
