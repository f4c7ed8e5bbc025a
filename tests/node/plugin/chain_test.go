package plugin

import (
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/database"
	"github.com/ava-labs/avalanchego/database/leveldb"
	"github.com/ava-labs/avalanchego/database/prefixdb"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow"
	"github.com/ava-labs/avalanchego/snow/consensus/snowman"
	"github.com/ava-labs/avalanchego/snow/engine/common"
	"github.com/ava-labs/avalanchego/snow/engine/enginetest"
	"github.com/ava-labs/avalanchego/snow/engine/snowman/block"
	"github.com/ava-labs/avalanchego/snow/snowtest"
	"github.com/ava-labs/avalanchego/staking"
	"github.com/ava-labs/avalanchego/utils/logging"
	"github.com/ava-labs/avalanchego/vms/proposervm"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

// chain is a chain on a running plugin, driven in place of a node.
type chain struct {
	running
	client.Client
	// consensus is what consensus would drive: the plugin itself, or the proposervm around it.
	consensus block.ChainVM
	options   options
	context   *snow.Context
	sender    *enginetest.Sender
	database  database.Database
	server    *httptest.Server
}

// options say how a chain is opened. The zero value opens a fresh chain on the bare plugin.
type options struct {
	site      *site
	genesis   string // the chain's genesis bytes
	config    string // the chain's configuration
	proposer  bool   // put AvalancheGo's proposervm around the plugin
	onGossip  func([]byte)
	bootstrap bool // stop before normal operation
}

// open starts the plugin, initialises the chain and brings it into normal operation, in the order of the node's calls.
func open(t testing.TB, o options) *chain {
	t.Helper()
	c, err := tryOpen(t, o)
	require.NoError(t, err, "Initialize")
	if !o.bootstrap {
		c.finishBootstrapping(t)
	}
	return c
}

// tryOpen stops after Initialize, where a chain may be refused.
func tryOpen(t testing.TB, o options) (*chain, error) {
	t.Helper()
	return tryOpenOn(t, launch(t), o)
}

func tryOpenOn(t testing.TB, p running, o options) (*chain, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := newChain(t, p, o)
	if err := c.initialize(ctx); err != nil {
		_ = c.database.Close()
		return nil, err
	}
	c.serve(t)
	require.NoError(t, c.consensus.SetState(ctx, snow.Bootstrapping))
	return c, nil
}

// newChain prepares everything that a node has ready before it calls Initialize.
func newChain(t testing.TB, p running, o options) *chain {
	t.Helper()
	if o.site == nil {
		fresh := newSite(t)
		o.site = &fresh
	}
	if o.genesis == "" {
		o.genesis = genesisOf(genesisData)
	}
	c := &chain{running: p, consensus: p.vm, options: o, sender: &enginetest.Sender{}}
	c.context = snowtest.Context(t, o.site.chainID)
	c.context.NodeID = o.site.nodeID
	c.context.ChainDataDir = o.site.chainData
	if o.onGossip != nil {
		c.sender.SendAppGossipF = func(_ context.Context, _ common.SendConfig, message []byte) error {
			o.onGossip(message)
			return nil
		}
	}
	if o.proposer {
		c.consensus = proposervm.New(p.vm, proposerConfig(t, c.context))
	}
	var err error
	c.database, err = leveldb.New(o.site.nodeDB, nil, logging.NoLog{}, prometheus.NewRegistry())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.database.Close() })
	return c
}

func (c *chain) initialize(ctx context.Context) error {
	return c.consensus.Initialize(ctx, c.context, prefixdb.New([]byte("vm"), c.database),
		[]byte(c.options.genesis), nil, []byte(c.options.config), nil, c.sender)
}

// serve makes the chain's JSON-RPC reachable as on a node.
func (c *chain) serve(t testing.TB) {
	t.Helper()
	handlers, err := c.consensus.CreateHandlers(t.Context())
	require.NoError(t, err)
	require.Contains(t, handlers, "/rpc")
	c.server = httptest.NewServer(handlers["/rpc"])
	t.Cleanup(c.server.Close)
	c.Client = client.New(c.urlOn(c.server))
}

// urlOn is where a server that stands for the node has the chain's JSON-RPC.
func (c *chain) urlOn(server *httptest.Server) string {
	return server.URL + "/ext/bc/" + c.options.site.chainID.String() + "/rpc"
}

func (c *chain) finishBootstrapping(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, c.consensus.SetPreference(ctx, c.lastAccepted(t)))
	require.NoError(t, c.consensus.SetState(ctx, snow.NormalOp))
}

// close stops the plugin in good order and lets go of the node's database.
func (c *chain) close(t testing.TB) {
	t.Helper()
	c.server.Close()
	// Past the proposervm, which has nothing left to do here: it commits with every block.
	c.shutdown(t)
	require.NoError(t, c.database.Close())
}

// crash kills the plugin and lets go of the node's database.
func (c *chain) crash(t testing.TB) {
	t.Helper()
	c.kill(t)
	require.NoError(t, c.database.Close())
}

// stamp brings the data into an accepted block, through every step of consensus.
func (c *chain) stamp(t testing.TB, data string) snowman.Block {
	t.Helper()
	require.NoError(t, c.ProposeBlock(t.Context(), []byte(data)))
	built := c.build(t)
	c.accept(t, built)
	c.waitUntilShown(t)
	return built
}

// waitUntilShown waits until clients see the last accepted block: it is synced by then.
func (c *chain) waitUntilShown(t testing.TB) {
	t.Helper()
	accepted, err := c.vm.LastAccepted(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		shown, err := c.LastAccepted(t.Context())
		return err == nil && shown == accepted
	}, patience, time.Millisecond)
}

// build waits until the plugin has something to build, and builds it.
func (c *chain) build(t testing.TB) snowman.Block {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	event, err := c.consensus.WaitForEvent(ctx)
	require.NoError(t, err)
	require.Equal(t, common.PendingTxs, event)
	built, err := c.consensus.BuildBlock(ctx)
	require.NoError(t, err)
	return built
}

func (c *chain) accept(t testing.TB, b snowman.Block) {
	t.Helper()
	require.NoError(t, b.Verify(t.Context()))
	require.NoError(t, c.consensus.SetPreference(t.Context(), b.ID()))
	require.NoError(t, b.Accept(t.Context()))
}

func (c *chain) lastAccepted(t testing.TB) ids.ID {
	t.Helper()
	id, err := c.consensus.LastAccepted(t.Context())
	require.NoError(t, err)
	return id
}

// height is where the plugin itself says the chain ends.
func (c *chain) height(t testing.TB) uint64 {
	t.Helper()
	id, err := c.vm.LastAccepted(t.Context())
	require.NoError(t, err)
	last, err := c.vm.GetBlock(t.Context(), id)
	require.NoError(t, err)
	return last.Height()
}

// requireWhole reads the chain from head to genesis in both ways that the plugin offers, and returns it.
func (c *chain) requireWhole(t testing.TB) client.Chain {
	t.Helper()
	c.waitUntilShown(t)
	whole, err := c.Chain(t.Context())
	require.NoError(t, err)
	for height, link := range whole {
		require.EqualValues(t, height, link.Height)
		indexed, err := c.vm.GetBlockIDAtHeight(t.Context(), link.Height)
		require.NoError(t, err, "height %d", height)
		require.Equal(t, link.ID, indexed, "height %d", height)
	}
	_, err = c.vm.GetBlockIDAtHeight(t.Context(), whole.Head().Height+1)
	require.ErrorIs(t, err, database.ErrNotFound, "there is something above the head")
	return whole
}

// post sends a request to the chain's handler through the server that stands for the node's.
func (c *chain) post(t testing.TB, request *http.Request) *http.Response {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func genesisOf(data string) string {
	text, err := json.Marshal(map[string]string{"data": data})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// child is a block that some other node could have built on the parent.
func child(parent snowman.Block, timestamp time.Time, data string) client.Block {
	return client.Block{
		ParentID:  parent.ID(),
		Height:    parent.Height() + 1,
		Timestamp: uint64(timestamp.Unix()),
		Data:      []byte(data),
	}
}

func proposerConfig(t testing.TB, context *snow.Context) proposervm.Config {
	t.Helper()
	pair, err := staking.NewTLSCert()
	require.NoError(t, err)
	certificate, err := staking.ParseCertificate(pair.Leaf.Raw)
	require.NoError(t, err)
	return proposervm.Config{
		Upgrades:          context.NetworkUpgrades,
		StakingLeafSigner: pair.PrivateKey.(crypto.Signer),
		StakingCertLeaf:   certificate,
		Registerer:        prometheus.NewRegistry(),
	}
}

func numbered(i int) string {
	return fmt.Sprintf("stamp %d", i)
}
