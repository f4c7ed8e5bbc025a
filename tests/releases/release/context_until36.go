//go:build until36

package release

import "github.com/ava-labs/avalanchego/snow"

func addUpgrades(*snow.Context) {}
