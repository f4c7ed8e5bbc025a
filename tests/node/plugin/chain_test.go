// Package plugin proves the plugin binary against AvalancheGo's own parts: its client of a plugin, the proposervm on
// leveldb, and the snowman engine. Everything is in the tests.
package plugin

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/database"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow/consensus/snowman"
	"github.com/ava-labs/avalanchego/snow/engine/common"
	"github.com/ava-labs/avalanchego/utils/logging"

	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/host"
	"github.com/timestampvm/timestampvm/tests/node/internal/liveness"
)

const (
	genesisData = "Hello from Rust VM!"
	// patience is how long any single call may take before a test gives up on it.
	patience = time.Minute
)

// chain is a chain on a running plugin, driven in place of a node.
type chain struct {
	*host.Plugin
	client.Client
	server *httptest.Server
}

// open brings the chain of a site into normal operation.
func open(t *testing.T, s site) *chain {
	t.Helper()
	c := openBootstrapping(t, s)
	c.finishBootstrapping(t)
	return c
}

// openBootstrapping stops where a node fetches blocks from its peers.
func openBootstrapping(t *testing.T, s site) *chain {
	t.Helper()
	p := launch(t, s)
	require.NoError(t, p.Initialize(genesisData))
	server := httptest.NewServer(p.Handler)
	t.Cleanup(server.Close)
	url := server.URL + "/ext/bc/" + s.ChainID.String() + "/rpc"
	return &chain{Plugin: p, Client: client.New(url), server: server}
}

// launch starts the plugin as a node does. Whatever happens, the process is gone when the test ends.
func launch(t *testing.T, s site) *host.Plugin {
	t.Helper()
	p, err := host.Launch(t.Context(), binary(t), s.Site, newPluginLog(t))
	require.NoError(t, err, "the plugin does not start")
	t.Cleanup(func() {
		if liveness.IsRunning(p.PID) {
			assert.NoError(t, p.Kill())
			assert.NoError(t, p.Bury())
		}
	})
	return p
}

// binary is the path of the plugin under test.
func binary(t *testing.T) string {
	t.Helper()
	path, err := artifact.TimestampVM()
	require.NoError(t, err)
	return path
}

func (c *chain) finishBootstrapping(t *testing.T) {
	t.Helper()
	require.NoError(t, c.FinishBootstrapping())
}

// close stops the plugin in good order and lets go of the node's database.
func (c *chain) close(t *testing.T) {
	t.Helper()
	c.server.Close()
	require.NoError(t, c.Close())
}

// stamp brings the data into an accepted block, through every step of consensus.
func (c *chain) stamp(t *testing.T, data string) snowman.Block {
	t.Helper()
	require.NoError(t, c.ProposeBlock(t.Context(), []byte(data)))
	built := c.build(t)
	c.accept(t, built)
	c.waitUntilShown(t)
	return built
}

// waitUntilShown waits until clients see the last accepted block: it is synced by then.
func (c *chain) waitUntilShown(t *testing.T) {
	t.Helper()
	accepted, err := c.Inner.LastAccepted(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		shown, err := c.Client.LastAccepted(t.Context())
		return err == nil && shown == accepted
	}, patience, time.Millisecond)
}

// build waits until the plugin has something to build, and builds it.
func (c *chain) build(t *testing.T) snowman.Block {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	event, err := c.Consensus.WaitForEvent(ctx)
	require.NoError(t, err)
	require.Equal(t, common.PendingTxs, event)
	built, err := c.Consensus.BuildBlock(ctx)
	require.NoError(t, err)
	return built
}

func (c *chain) accept(t *testing.T, b snowman.Block) {
	t.Helper()
	require.NoError(t, b.Verify(t.Context()))
	require.NoError(t, c.Consensus.SetPreference(t.Context(), b.ID()))
	require.NoError(t, b.Accept(t.Context()))
}

// execute does what bootstrapping does with a block that a peer sent.
func (c *chain) execute(t *testing.T, bytes []byte) {
	t.Helper()
	parsed, err := c.Consensus.ParseBlock(t.Context(), bytes)
	require.NoError(t, err)
	require.NoError(t, parsed.Verify(t.Context()), "an error here would end the chain")
	require.NoError(t, parsed.Accept(t.Context()))
}

func (c *chain) lastAccepted(t *testing.T) ids.ID {
	t.Helper()
	id, err := c.Consensus.LastAccepted(t.Context())
	require.NoError(t, err)
	return id
}

// height is where the plugin itself says the chain ends.
func (c *chain) height(t *testing.T) uint64 {
	t.Helper()
	id, err := c.Inner.LastAccepted(t.Context())
	require.NoError(t, err)
	last, err := c.Inner.GetBlock(t.Context(), id)
	require.NoError(t, err)
	return last.Height()
}

// requireWhole reads the chain from head to genesis in both ways that the plugin offers, and returns it.
func (c *chain) requireWhole(t *testing.T) client.Chain {
	t.Helper()
	c.waitUntilShown(t)
	whole, err := c.Chain(t.Context())
	require.NoError(t, err)
	for height, link := range whole {
		require.EqualValues(t, height, link.Height)
		indexed, err := c.Inner.GetBlockIDAtHeight(t.Context(), link.Height)
		require.NoError(t, err, "height %d", height)
		require.Equal(t, link.ID, indexed, "height %d", height)
	}
	_, err = c.Inner.GetBlockIDAtHeight(t.Context(), whole.Head().Height+1)
	require.ErrorIs(t, err, database.ErrNotFound, "there is something above the head")
	return whole
}

func numbered(i int) string {
	return fmt.Sprintf("stamp %d", i)
}

// pluginLog keeps what the plugin writes, and shows its end when the test fails.
type pluginLog struct {
	logging.NoLog
	lock sync.Mutex
	text bytes.Buffer
}

func newPluginLog(t *testing.T) *pluginLog {
	log := &pluginLog{}
	t.Cleanup(func() {
		log.lock.Lock()
		defer log.lock.Unlock()
		for _, bug := range []string{"uncaughtException", "unhandledRejection"} {
			assert.NotContains(t, log.text.String(), bug)
		}
		if t.Failed() {
			text := log.text.Bytes()
			t.Logf("the plugin wrote:\n%s", text[max(0, len(text)-4000):])
		}
	})
	return log
}

func (l *pluginLog) Write(text []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.Write(text)
}
