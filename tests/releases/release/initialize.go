package release

import (
	"context"
	"fmt"

	"github.com/ava-labs/avalanchego/database"
	"github.com/ava-labs/avalanchego/snow"
	"github.com/ava-labs/avalanchego/snow/engine/common"
)

// opening is what Initialize needs. Its method, initialize, also gives how the node hears of the plugin's events.
type opening struct {
	chain   *snow.Context
	db      database.Database
	genesis []byte
	sender  common.AppSender
}

// waitForEvent returns when there is something to build.
type waitForEvent func(context.Context) error

func requireSomethingToBuild(event common.Message) error {
	if event != common.PendingTxs {
		return fmt.Errorf("unexpected event: %s", event)
	}
	return nil
}
