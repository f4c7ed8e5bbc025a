//go:build !until43

package release

import "github.com/ava-labs/avalanchego/version"

// Version is the version that the node tells its peers.
var Version = version.Current
