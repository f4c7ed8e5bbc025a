//go:build !until17 && until36

package releases

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/releases/release"
)

// An error from any of these calls would end the chain, as it would for messages of peers.
func TestOtherChainsCannotCauseAnError(t *testing.T) {
	c := open(t, newSite(t))
	other := ids.GenerateTestID()
	require.NoError(t, c.CrossChainAppRequest(t.Context(), other, 1, time.Now().Add(time.Second), []byte("junk")))
	require.NoError(t, c.CrossChainAppResponse(t.Context(), other, 2, []byte("junk")))
	require.NoError(t, release.FailCrossChainAppRequest(t.Context(), c.VM, other, 3))
	c.stamp(t, "goes on")
}
