package plugin

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"
)

// A crash may come at any moment, and costs at most what was not answered yet.
func TestKilledPluginLosesNothingThatWasAccepted(t *testing.T) {
	const kills = 25
	s := newSite(t)
	proposed := 0
	var known []ids.ID // the chain as far as its acceptance was answered
	for i := range kills {
		c := open(t, options{site: &s, proposer: true})
		whole := blockIDs(c.requireWhole(t))
		require.GreaterOrEqual(t, len(whole), len(known), "kill %d lost an accepted block", i)
		require.LessOrEqual(t, len(whole), len(known)+1, "kill %d left a block that was never accepted", i)
		require.True(t, slices.Equal(known, whole[:len(known)]), "kill %d changed an accepted block", i)

		ctx, cancel := context.WithCancel(t.Context())
		stamped := make(chan []ids.ID, 1)
		go func() { stamped <- c.keepStamping(ctx, &proposed) }()
		// Short waits hit the first calls after a start, long ones any moment of a running chain.
		time.Sleep(time.Duration(rand.Float64() * float64(i) * float64(20*time.Millisecond)))
		c.kill(t)
		// Calls to a process that is gone wait for it for ever, as they would in a node.
		cancel()
		known = append(whole, <-stamped...)
		require.NoError(t, c.database.Close())
	}

	c := open(t, options{site: &s, proposer: true})
	require.GreaterOrEqual(t, len(c.requireWhole(t)), len(known))
	c.stamp(t, "goes on")
	t.Logf("%d kills in a chain of %d blocks", kills, len(known))
}

func TestKillBeforeAndRightAfterInitialize(t *testing.T) {
	s := newSite(t)
	launch(t).kill(t)
	for range 5 {
		c, err := tryOpen(t, options{site: &s})
		require.NoError(t, err)
		c.crash(t)
	}
	open(t, options{site: &s}).stamp(t, "one")
}

func TestKillWhileInitializing(t *testing.T) {
	s := newSite(t)
	c := open(t, options{site: &s})
	c.stamp(t, "one")
	want := c.requireWhole(t)
	c.close(t)
	for i := range 10 {
		t.Run(fmt.Sprintf("after %d ms", 5*i), func(t *testing.T) {
			c := newChain(t, launch(t), options{site: &s})
			ctx, cancel := context.WithCancel(t.Context())
			killed := make(chan struct{})
			go func() {
				defer close(killed)
				time.Sleep(time.Duration(i) * 5 * time.Millisecond)
				c.kill(t)
				cancel()
			}()
			_ = c.initialize(ctx) // whether it comes that far or not, nothing may be broken afterwards
			<-killed
			require.NoError(t, c.database.Close())
		})
	}
	require.Equal(t, want, open(t, options{site: &s}).requireWhole(t))
}

// keepStamping brings one block after the other through consensus until a call fails. It returns the accepted ones.
func (c *chain) keepStamping(ctx context.Context, proposed *int) (accepted []ids.ID) {
	for {
		*proposed++
		if c.ProposeBlock(ctx, []byte(numbered(*proposed))) != nil {
			return accepted
		}
		if _, err := c.consensus.WaitForEvent(ctx); err != nil {
			return accepted
		}
		built, err := c.consensus.BuildBlock(ctx)
		if err != nil || built.Verify(ctx) != nil ||
			c.consensus.SetPreference(ctx, built.ID()) != nil || built.Accept(ctx) != nil {
			return accepted
		}
		id, err := c.vm.LastAccepted(ctx) // answered by the client, from memory
		if err != nil {
			return accepted
		}
		accepted = append(accepted, id)
	}
}
