//go:build !until19

package release

import (
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow"
)

func addChainData(chain *snow.Context, folder string) {
	chain.CChainID = ids.ID{4}
	chain.ChainDataDir = folder
}
