//go:build until19

package release

import "github.com/ava-labs/avalanchego/snow"

// The node names no folder yet.
func addChainData(*snow.Context, string) {}
