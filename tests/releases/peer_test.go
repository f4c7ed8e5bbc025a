package releases

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/releases/release"
)

// An error from any of these calls would end the chain on this node, and any peer can cause them.
func TestPeersCannotCauseAnError(t *testing.T) {
	c := openBootstrapping(t, newSite(t))
	requirePeersAreAnswered(t, c)
	c.finishBootstrapping(t)
	requirePeersAreAnswered(t, c)
	c.stamp(t, "goes on")
}

func requirePeersAreAnswered(t *testing.T, c *chain) {
	t.Helper()
	ctx, peer := t.Context(), ids.GenerateTestNodeID()
	require.NoError(t, c.Connected(ctx, peer, release.Version))
	for _, message := range [][]byte{nil, {0}, []byte(`{"data":"x"}`), bytes.Repeat([]byte{0xff}, 2<<20)} {
		require.NoError(t, c.AppGossip(ctx, peer, message))
		require.NoError(t, c.AppRequest(ctx, peer, 1, time.Now().Add(time.Second), message))
		require.NoError(t, c.AppResponse(ctx, peer, 2, message))
	}
	require.NoError(t, release.FailAppRequest(ctx, c.VM, peer, 3))
	require.NoError(t, c.Disconnected(ctx, peer))
}

// Only the holder of the current slot may build, so a proposal must reach the others at once.
func TestProposalReachesPeers(t *testing.T) {
	from := open(t, newSite(t))
	from.propose(t, "one")
	message := from.gossip.first(t)

	to := open(t, newSite(t))
	require.NoError(t, to.AppGossip(t.Context(), ids.GenerateTestNodeID(), message))
	to.accept(t, to.build(t))
	to.requireShown(t, to.lastAccepted(t), 1, "one")
}
