package releases

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/database"
	"github.com/ava-labs/avalanchego/database/memdb"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow"

	"github.com/timestampvm/timestampvm/tests/releases/release"
)

const (
	genesisData = "Hello from Rust VM!"
	genesis     = `{"data":"` + genesisData + `"}`
)

// chain is a chain in normal operation on a running plugin, driven in place of the node.
type chain struct {
	*release.Chain
	client
	site   release.Site
	gossip *inbox
}

// newSite is a place for a fresh chain.
func newSite(t *testing.T) release.Site {
	return release.Site{
		ChainID:  ids.GenerateTestID(),
		NodeID:   ids.GenerateTestNodeID(),
		Home:     t.TempDir(),
		Database: memdb.New(),
	}
}

// open brings a chain into normal operation, in the order of the node's calls.
func open(t *testing.T, s release.Site) *chain {
	t.Helper()
	c := openBootstrapping(t, s)
	c.finishBootstrapping(t)
	return c
}

// openBootstrapping stops where the node fetches blocks from its peers.
func openBootstrapping(t *testing.T, s release.Site) *chain {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	t.Setenv("HOME", s.Home)
	c := &chain{site: s, gossip: &inbox{}}
	var err error
	c.Chain, err = launch(t).Initialize(ctx, s, []byte(genesis), newPluginLog(t), c.gossip.put)
	require.NoError(t, err, "Initialize")
	require.NoError(t, c.VerifyHeights(ctx))

	handlers, err := c.Handlers(ctx)
	require.NoError(t, err)
	require.Contains(t, handlers, "/rpc")
	c.client = newClient(serve(t, handlers["/rpc"]), s.ChainID)

	enabled, err := c.StateSyncEnabled(ctx)
	require.NoError(t, err, "an error here would end the chain")
	require.False(t, enabled)
	require.NoError(t, c.SetState(ctx, snow.Bootstrapping))
	return c
}

func (c *chain) finishBootstrapping(t *testing.T) {
	t.Helper()
	require.NoError(t, c.SetPreference(t.Context(), c.lastAccepted(t)))
	require.NoError(t, c.SetState(t.Context(), snow.NormalOp))
}

func (c *chain) close(t *testing.T) {
	t.Helper()
	shutdown(t, c.Plugin)
}

// stamp brings the data into an accepted block, through every step of consensus.
func (c *chain) stamp(t *testing.T, data string) release.Block {
	t.Helper()
	c.propose(t, data)
	built := c.build(t)
	c.accept(t, built)
	return built
}

// build waits until the plugin has something to build, and builds it.
func (c *chain) build(t *testing.T) release.Block {
	t.Helper()
	c.awaitEvent(t)
	built, err := c.BuildBlock(t.Context())
	require.NoError(t, err)
	return built
}

func (c *chain) awaitEvent(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, c.WaitForEvent(ctx), "no event")
}

func (c *chain) accept(t *testing.T, b release.Block) {
	t.Helper()
	require.NoError(t, b.Verify(t.Context()))
	require.NoError(t, c.SetPreference(t.Context(), b.ID()))
	require.NoError(t, b.Accept(t.Context()))
}

// parse takes a block as peers send it.
func (c *chain) parse(t *testing.T, bytes []byte) release.Block {
	t.Helper()
	parsed, err := c.ParseBlock(t.Context(), bytes)
	require.NoError(t, err)
	return parsed
}

func (c *chain) lastAccepted(t *testing.T) ids.ID {
	t.Helper()
	id, err := c.LastAccepted(t.Context())
	require.NoError(t, err)
	return id
}

func (c *chain) head(t *testing.T) release.Block {
	t.Helper()
	b, err := c.GetBlock(t.Context(), c.lastAccepted(t))
	require.NoError(t, err)
	return b
}

// whole reads the chain from head to genesis, requires that the height index agrees, and returns the IDs, genesis first.
func (c *chain) whole(t *testing.T) []ids.ID {
	t.Helper()
	b := c.head(t)
	found := make([]ids.ID, b.Height()+1)
	for {
		found[b.Height()] = b.ID()
		indexed, err := c.GetBlockIDAtHeight(t.Context(), b.Height())
		require.NoError(t, err, "height %d", b.Height())
		require.Equal(t, b.ID(), indexed, "height %d", b.Height())
		if b.Height() == 0 {
			break
		}
		parent, err := c.GetBlock(t.Context(), b.Parent())
		require.NoError(t, err)
		require.Equal(t, b.Height()-1, parent.Height())
		b = parent
	}
	require.Equal(t, ids.Empty, b.Parent())
	_, err := c.GetBlockIDAtHeight(t.Context(), uint64(len(found)))
	require.ErrorIs(t, err, database.ErrNotFound, "there is something above the head")
	return found
}

// child is a block that some other node could have built on the parent.
func child(parent release.Block, timestamp time.Time, data string) []byte {
	return fmt.Appendf(nil, `{"parent_id":"%s","height":%d,"timestamp":%d,"data":"0x%x"}`,
		parent.ID(), parent.Height()+1, timestamp.Unix(), data)
}

// serve stands for the node's HTTP server.
func serve(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// inbox keeps what the plugin sends to its peers.
type inbox struct {
	lock     sync.Mutex
	messages [][]byte
}

func (i *inbox) put(message []byte) {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.messages = append(i.messages, message)
}

func (i *inbox) first(t *testing.T) []byte {
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
