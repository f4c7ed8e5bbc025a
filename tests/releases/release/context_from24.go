//go:build !until23

package release

import (
	"github.com/supranational/blst/bindings/go"

	"github.com/ava-labs/avalanchego/snow"
)

// Any point of the curve is a key.
func addPublicKey(chain *snow.Context) {
	chain.PublicKey = blst.P1Generator().ToAffine()
}
