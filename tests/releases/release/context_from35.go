//go:build !until34

package release

import (
	"github.com/ava-labs/avalanchego/api/metrics"
	"github.com/ava-labs/avalanchego/snow"
)

func addMetrics(chain *snow.Context) {
	chain.Metrics = metrics.NewPrefixGatherer()
}
