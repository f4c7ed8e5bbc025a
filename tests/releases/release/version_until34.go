//go:build until34

package release

import "github.com/ava-labs/avalanchego/version"

// VersionOutput is what the node prints for --version.
func VersionOutput() string {
	return version.String
}
