package releases

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

const largestData = 1_000_000

// Nodes of all releases run the same plugin.
func TestRelease(t *testing.T) {
	for _, release := range chosen(t) {
		t.Run(release.Version, func(t *testing.T) {
			node := startOne(t, release)
			for _, part := range []struct {
				name string
				run  func(t *testing.T, node *network.Node)
			}{
				{"the node is of that release and knows the plugin", testVersion},
				{"data becomes blocks", testBlocks},
				{"a request that asks for an upgrade is answered", testUpgradeHeader},
				{"what needs no chain is there as long as nodes had that", testStatic},
				{"the node finds the chain healthy", testHealth},
				{"the node shows the plugin's metrics", testMetrics},
				{"the blocks are in the chain data directory", testChainData},
				{"the chain survives a restart", testRestart},
				{"the plugin gave no reason to complain", testCleanLog},
				{"the chain survives a crash of the node", testCrash},
			} {
				if !t.Run(part.name, func(t *testing.T) { part.run(t, node) }) {
					t.FailNow()
				}
			}
			writeFact(t, "node-"+release.Version, nodeFact{release.Version, release.Protocol, "node"})
		})
	}
}

func testVersion(t *testing.T, node *network.Node) {
	var reply struct {
		Version  string            `json:"version"`
		Protocol int               `json:"rpcProtocolVersion,string"` // the oldest do not tell
		VMs      map[string]string `json:"vmVersions"`
	}
	require.NoError(t, node.Call(t.Context(), "info.getNodeVersion", struct{}{}, &reply))

	release := node.Program().Release
	require.Equal(t, strings.TrimPrefix(release.Version, "v"), path.Base(reply.Version))
	if reply.Protocol != 0 {
		require.Equal(t, release.Protocol, reply.Protocol)
	}
	require.Contains(t, reply.VMs, network.VMID.String())
}

func testBlocks(t *testing.T, node *network.Node) {
	genesis := nodetest.Chain(t, node)
	require.Len(t, genesis, 1)
	require.Equal(t, "the first block", string(genesis[0].Data))

	proposals := []string{"one", "two", strings.Repeat("x", largestData)}
	for _, data := range proposals {
		nodetest.Stamp(t, node, data)
	}
	chain := nodetest.Chain(t, node)
	require.Len(t, chain, 1+len(proposals))
	for i, data := range proposals {
		require.Equal(t, data, string(chain[1+i].Data))
	}
}

// The node passes such requests through another call to the plugin than plain ones.
func testUpgradeHeader(t *testing.T, node *network.Node) {
	requirePong(t, ping(t, node.Client().URL, "h2c"))
}

// A plugin process without a chain serves it.
func testStatic(t *testing.T, node *network.Node) {
	response := ping(t, fmt.Sprintf("%s/ext/vm/%s/static", node.URL(), network.VMID), "")
	if node.Program().Release.Protocol <= 30 {
		requirePong(t, response)
	} else {
		require.Equal(t, http.StatusNotFound, response.StatusCode)
	}
}

func ping(t *testing.T, url, upgrade string) *http.Response {
	t.Helper()
	body := strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"timestampvm.ping","params":[]}`)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	if upgrade != "" {
		request.Header.Set("Upgrade", upgrade)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func requirePong(t *testing.T, response *http.Response) {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", body)
	require.JSONEq(t, `{"jsonrpc":"2.0","result":{"success":true},"id":1}`, string(body))
}

// The node itself may be unwell because it has no peers.
func testHealth(t *testing.T, node *network.Node) {
	id := path.Base(node.ChainURL())
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		var reply struct {
			Checks map[string]struct {
				Message json.RawMessage `json:"message"`
				Error   *string         `json:"error"`
			} `json:"checks"`
		}
		require.NoError(t, node.Call(context.Background(), "health.health", struct{}{}, &reply))
		require.Contains(t, reply.Checks, id)
		require.Nil(t, reply.Checks[id].Error)
		require.Contains(t, string(reply.Checks[id].Message), `"state":"normal operation"`)
	}, time.Minute, 100*time.Millisecond)
}

// The releases differ in what they put before a name.
func testMetrics(t *testing.T, node *network.Node) {
	response, err := http.Get(node.URL() + "/ext/metrics")
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", body)
	require.Regexp(t, `(?m)^avalanche_\w+_mempool_items(\{.*\})? 0$`, string(body))
}

// The oldest releases do not tell the plugin where that is.
func testChainData(t *testing.T, node *network.Node) {
	require.FileExists(t, filepath.Join(node.ChainDataDir(), "timestampvm.db"))
}

func testRestart(t *testing.T, node *network.Node) {
	before := nodetest.Chain(t, node)
	stopCleanly(t, node)
	require.NoError(t, node.Start(t.Context()))
	requireGrowth(t, node, before, "after a restart")
	stopCleanly(t, node)
	require.NoError(t, node.Start(t.Context()))
}

func testCleanLog(t *testing.T, node *network.Node) {
	require.Empty(t, complaints(t, node))
}

func testCrash(t *testing.T, node *network.Node) {
	before := nodetest.Chain(t, node)
	plugins := nodetest.Plugins(t, node)
	require.NoError(t, node.Kill())
	nodetest.Gone(t, plugins)
	require.NoError(t, node.Start(t.Context()))
	requireGrowth(t, node, before, "after a crash")
	stopCleanly(t, node)
}
