//go:build !until36

package release

import (
	"github.com/ava-labs/avalanchego/snow"
	"github.com/ava-labs/avalanchego/upgrade"
)

func addUpgrades(chain *snow.Context) {
	chain.NetworkUpgrades = upgrade.Default
}
