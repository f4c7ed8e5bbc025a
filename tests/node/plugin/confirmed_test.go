package plugin

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/database"
	"github.com/ava-labs/avalanchego/snow"
)

// A crash before the node's database knows an accepted block takes the block back. Nobody may have been shown it by then:
// it would be proof of a time that the chain does not keep.
func TestBlockIsNotShownBeforeTheNodeKnowsIt(t *testing.T) {
	c := newChain(t, launch(t), options{})
	slow := &slowDatabase{Database: c.database, begun: make(chan struct{}, 1), release: make(chan struct{})}
	c.database = slow
	require.NoError(t, c.initialize(t.Context()))
	c.serve(t)
	require.NoError(t, c.consensus.SetState(t.Context(), snow.Bootstrapping))
	c.finishBootstrapping(t)
	before, err := c.LastAccepted(t.Context())
	require.NoError(t, err)
	require.NoError(t, c.ProposeBlock(t.Context(), []byte("one")))
	built := c.build(t)
	require.NoError(t, built.Verify(t.Context()))
	require.NoError(t, c.consensus.SetPreference(t.Context(), built.ID()))

	slow.isSlow.Store(true)
	accepted := make(chan error, 1)
	go func() { accepted <- built.Accept(t.Context()) }()
	select {
	case <-slow.begun:
	case <-time.After(patience):
		require.Fail(t, "nothing is written into the node's database")
	}
	shown, err := c.LastAccepted(t.Context())
	require.NoError(t, err)
	_, blockErr := c.Block(t.Context(), built.ID())
	close(slow.release)
	require.NoError(t, <-accepted)
	require.Equal(t, before, shown)
	require.ErrorContains(t, blockErr, "not found")

	c.waitUntilShown(t)
}

// slowDatabase keeps writes waiting until it is released.
type slowDatabase struct {
	database.Database
	isSlow  atomic.Bool
	begun   chan struct{}
	release chan struct{}
}

func (d *slowDatabase) Put(key, value []byte) error {
	if d.isSlow.Load() {
		d.begun <- struct{}{}
		<-d.release
	}
	return d.Database.Put(key, value)
}
