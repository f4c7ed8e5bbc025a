package plugin

import (
	"bytes"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow/engine/common"
	"github.com/ava-labs/avalanchego/version"
)

// An error from any of these calls would end the chain on this node, and any peer can cause them.
func TestPeersCannotCauseAnError(t *testing.T) {
	gossip := &inbox{}
	source := open(t, options{onGossip: gossip.put})
	require.NoError(t, source.ProposeBlock(t.Context(), []byte("real")))
	real := gossip.take(t)

	random := make([]byte, 1000)
	_, err := rand.Read(random)
	require.NoError(t, err)
	messages := map[string][]byte{
		"nothing":       nil,
		"one byte":      {0},
		"random":        random,
		"2 MiB of zero": make([]byte, 2<<20),
		"2 MiB of 0xff": bytes.Repeat([]byte{0xff}, 2<<20),
		"JSON":          []byte(`{"data":"x"}`),
		"half":          real[:len(real)/2],
		"twice":         append(bytes.Clone(real), real...),
		"real":          real,
	}

	for _, bootstrapping := range []bool{true, false} {
		name := map[bool]string{true: "bootstrapping", false: "normal operation"}[bootstrapping]
		t.Run(name, func(t *testing.T) {
			c := open(t, options{bootstrap: bootstrapping})
			peer := ids.GenerateTestNodeID()
			ctx := t.Context()
			require.NoError(t, c.vm.Connected(ctx, peer, version.Current))
			for name, message := range messages {
				t.Run(name, func(t *testing.T) {
					require.NoError(t, c.vm.AppGossip(ctx, peer, message))
					require.NoError(t, c.vm.AppRequest(ctx, peer, 1, time.Now().Add(time.Second), message))
					require.NoError(t, c.vm.AppRequest(ctx, peer, 2, time.Unix(0, 0), message))
					require.NoError(t, c.vm.AppResponse(ctx, peer, 3, message))
				})
			}
			require.NoError(t, c.vm.AppRequestFailed(ctx, peer, 4, common.ErrTimeout))
			require.NoError(t, c.vm.AppRequestFailed(ctx, peer, 5, &common.AppError{Code: -1, Message: "a peer says no"}))
			require.NoError(t, c.vm.Disconnected(ctx, peer))
			require.NoError(t, c.vm.Disconnected(ctx, peer), "twice")
			require.NoError(t, c.vm.Connected(ctx, peer, &version.Application{Name: "", Major: 0}))
			if bootstrapping {
				c.finishBootstrapping(t)
			}
			require.NoError(t, c.Ping(ctx))
		})
	}
}

// Only the holder of the current slot may build, so a proposal must reach the others at once.
func TestProposalReachesPeers(t *testing.T) {
	gossip := &inbox{}
	s := newSite(t)
	from := open(t, options{site: &s, onGossip: gossip.put})
	require.NoError(t, from.ProposeBlock(t.Context(), []byte("one")))

	other := s.otherNode(t)
	to := open(t, options{site: &other})
	message := gossip.take(t)
	for range 3 {
		require.NoError(t, to.vm.AppGossip(t.Context(), s.nodeID, message))
	}
	built := to.build(t)
	to.accept(t, built)
	requireQuiet(t, to)
	require.Len(t, to.requireWhole(t).Find([]byte("one")), 1)

	// The block takes the proposal back from the node where it came from.
	same, err := from.vm.ParseBlock(t.Context(), built.Bytes())
	require.NoError(t, err)
	from.accept(t, same)
	requireQuiet(t, from)
}

// inbox keeps what the plugin sends to peers.
type inbox struct {
	lock     sync.Mutex
	messages [][]byte
}

func (i *inbox) put(message []byte) {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.messages = append(i.messages, message)
}

func (i *inbox) take(t *testing.T) []byte {
	t.Helper()
	var first []byte
	require.Eventually(t, func() bool {
		i.lock.Lock()
		defer i.lock.Unlock()
		if len(i.messages) > 0 {
			first = i.messages[0]
		}
		return first != nil
	}, patience, 5*time.Millisecond, "nothing was sent to the peers")
	return first
}
