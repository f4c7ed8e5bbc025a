//go:build !until22

package release

import "github.com/ava-labs/avalanchego/version"

// Protocol is the RPCChainVM protocol of the release.
const Protocol = version.RPCChainVMProtocol
