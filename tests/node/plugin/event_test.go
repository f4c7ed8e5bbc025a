package plugin

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/snow"
	"github.com/ava-labs/avalanchego/snow/engine/common"
)

// quiet is long enough for an event that should not be there to show up.
const quiet = 400 * time.Millisecond

func TestEventComesWithAProposal(t *testing.T) {
	c := open(t, options{})
	requireQuiet(t, c)

	events := make(chan common.Message, 1)
	go func() {
		event, err := c.vm.WaitForEvent(t.Context())
		if err == nil {
			events <- event
		}
	}()
	require.NoError(t, c.ProposeBlock(t.Context(), []byte("one")))
	select {
	case event := <-events:
		require.Equal(t, common.PendingTxs, event)
	case <-time.After(patience):
		require.Fail(t, "no event")
	}
}

func TestEventComesAgainUntilTheDataIsBuilt(t *testing.T) {
	c := open(t, options{})
	require.NoError(t, c.ProposeBlock(t.Context(), []byte("one")))
	for range 4 {
		event, err := c.vm.WaitForEvent(t.Context())
		require.NoError(t, err)
		require.Equal(t, common.PendingTxs, event)
	}
	c.accept(t, c.build(t))
	requireQuiet(t, c)
}

func TestNoEventWhileAProcessingBlockCarriesTheData(t *testing.T) {
	c := open(t, options{})
	require.NoError(t, c.ProposeBlock(t.Context(), []byte("one")))
	built := c.build(t)
	require.NoError(t, built.Verify(t.Context()))
	require.NoError(t, c.vm.SetPreference(t.Context(), built.ID()))
	requireQuiet(t, c)
	require.NoError(t, built.Accept(t.Context()))
	requireQuiet(t, c)
}

func TestCancelledWaitsLoseNoEvent(t *testing.T) {
	c := open(t, options{})
	for range 300 {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := c.vm.WaitForEvent(ctx)
			ended <- err
		}()
		cancel()
		select {
		case err := <-ended:
			require.Error(t, err)
		case <-time.After(patience):
			require.Fail(t, "a cancelled wait goes on")
		}
	}
	c.stamp(t, "one")
}

func TestNoEventBeforeNormalOperation(t *testing.T) {
	c := open(t, options{bootstrap: true})
	require.NoError(t, c.ProposeBlock(t.Context(), []byte("early")))
	requireQuiet(t, c)
	c.finishBootstrapping(t)
	c.accept(t, c.build(t))

	require.NoError(t, c.consensus.SetState(t.Context(), snow.Bootstrapping))
	require.NoError(t, c.ProposeBlock(t.Context(), []byte("late")))
	requireQuiet(t, c)
}

func requireQuiet(t *testing.T, c *chain) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), quiet)
	defer cancel()
	event, err := c.vm.WaitForEvent(ctx)
	require.Error(t, err, "an unexpected event: %s", event)
}
