package plugin

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow/consensus/snowball"
	"github.com/ava-labs/avalanchego/snow/consensus/snowman"
	"github.com/ava-labs/avalanchego/snow/engine/common"
	"github.com/ava-labs/avalanchego/snow/engine/common/tracker"
	"github.com/ava-labs/avalanchego/snow/engine/enginetest"
	"github.com/ava-labs/avalanchego/snow/engine/snowman/getter"
	"github.com/ava-labs/avalanchego/snow/snowtest"
	"github.com/ava-labs/avalanchego/snow/validators"
	"github.com/ava-labs/avalanchego/utils/set"
	"github.com/ava-labs/avalanchego/version"

	snowmanengine "github.com/ava-labs/avalanchego/snow/engine/snowman"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

func TestConsensusEngineAcceptsBlocks(t *testing.T) {
	c := openBootstrapping(t, newSite(t))
	n := newSoleValidator(t, c)
	const blocks = 20
	for i := range blocks {
		require.NoError(t, c.ProposeBlock(t.Context(), []byte(numbered(i))))
	}
	for height := range uint64(blocks) {
		n.onEvent(t)
		require.Equal(t, height+1, c.height(t))
	}
	whole := c.requireWhole(t)
	for i := range blocks {
		require.Len(t, whole.Find([]byte(numbered(i))), 1, "proposal %d", i)
	}
}

// A block that a peer made up is decided like one of our own.
func TestConsensusEngineTakesBlocksFromAPeer(t *testing.T) {
	c := openBootstrapping(t, newSite(t))
	n := newSoleValidator(t, c)

	// Height 1 is decided before the proposervm begins to wrap blocks, so it is the plugin's own bytes on the wire.
	first := client.Block{ParentID: c.lastAccepted(t), Height: 1, Timestamp: uint64(time.Now().Unix()), Data: []byte("a peer's")}
	require.NoError(t, n.engine.PushQuery(t.Context(), n.id, 1, first.Bytes(), 0))
	n.answerQueries(t)
	require.Equal(t, first.ID(), c.requireWhole(t).Head().ID)

	for name, junk := range map[string][]byte{"nothing": {}, "junk": []byte("junk"), "half": first.Bytes()[:50]} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, n.engine.PushQuery(t.Context(), n.id, 2, junk, 0))
			n.answerQueries(t)
		})
	}
	require.NoError(t, c.ProposeBlock(t.Context(), []byte("ours")))
	n.onEvent(t)
	require.Equal(t, "ours", string(c.requireWhole(t).Head().Data))
}

// soleValidator is AvalancheGo's snowman engine with one peer to ask, who agrees with everything.
type soleValidator struct {
	chain  *chain
	engine *snowmanengine.Engine
	id     ids.NodeID
	lock   sync.Mutex
	asked  []query
}

type query struct {
	request uint32
	block   ids.ID
}

func newSoleValidator(t *testing.T, c *chain) *soleValidator {
	t.Helper()
	var (
		n        = &soleValidator{chain: c, id: ids.GenerateTestNodeID()}
		ctx      = snowtest.ConsensusContext(c.Context)
		stakers  = validators.NewManager()
		peers    = tracker.NewPeers()
		messages = &enginetest.Sender{T: t}
	)
	require.NoError(t, stakers.AddStaker(ctx.SubnetID, n.id, nil, ids.Empty, 1))
	require.NoError(t, peers.Connected(t.Context(), n.id, version.Current))
	messages.SendPushQueryF = func(ctx context.Context, _ set.Set[ids.NodeID], request uint32, bytes []byte, _ uint64) {
		asked, err := c.Consensus.ParseBlock(ctx, bytes)
		if err == nil {
			n.ask(request, asked.ID())
		}
	}
	messages.SendPullQueryF = func(_ context.Context, _ set.Set[ids.NodeID], request uint32, id ids.ID, _ uint64) {
		n.ask(request, id)
	}
	gets, err := getter.New(c.Consensus, messages, ctx.Log, time.Second, 2000, ctx.Registerer)
	require.NoError(t, err)

	n.engine, err = snowmanengine.New(snowmanengine.Config{
		AllGetsServer:       gets,
		Ctx:                 ctx,
		VM:                  c.Consensus,
		Sender:              messages,
		Validators:          stakers,
		ConnectedValidators: peers,
		Params: snowball.Parameters{
			K: 1, AlphaPreference: 1, AlphaConfidence: 1, Beta: 1,
			ConcurrentRepolls: 1, OptimalProcessing: 10, MaxOutstandingItems: 16, MaxItemProcessingTime: time.Minute,
		},
		Consensus: &snowman.Topological{Factory: snowball.SnowflakeFactory},
	})
	require.NoError(t, err)
	require.NoError(t, n.engine.Start(t.Context(), 0))
	return n
}

// onEvent hands the plugin's next event to the engine, and sees the outcome through.
func (n *soleValidator) onEvent(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	event, err := n.chain.Consensus.WaitForEvent(ctx)
	require.NoError(t, err)
	require.Equal(t, common.PendingTxs, event)
	require.NoError(t, n.engine.Notify(ctx, event))
	n.answerQueries(t)
}

func (n *soleValidator) ask(request uint32, block ids.ID) {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.asked = append(n.asked, query{request, block})
}

// answerQueries lets the peer vote for whatever it is asked about, until there is nothing left to decide.
func (n *soleValidator) answerQueries(t *testing.T) {
	t.Helper()
	for {
		n.lock.Lock()
		asked := n.asked
		n.asked = nil
		n.lock.Unlock()
		if len(asked) == 0 {
			return
		}
		for _, q := range asked {
			require.NoError(t, n.engine.Chits(t.Context(), n.id, q.request, q.block, q.block, n.chain.lastAccepted(t), 0))
		}
	}
}
