package network_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/api/admin"
	"github.com/ava-labs/avalanchego/api/info"

	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

func testCurlLines(t *testing.T, n *network.Network) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	for _, node := range n.Nodes() {
		lines, err := node.CurlLines(t.Context())
		require.NoError(t, err)
		for _, line := range lines {
			out, err := exec.CommandContext(t.Context(), "sh", "-c", line).CombinedOutput()
			require.NoError(t, err, "%s\n%s", line, out)
			var answer struct {
				Result map[string]any `json:"result"`
				Error  any            `json:"error"`
			}
			require.NoError(t, json.Unmarshal(out, &answer), "%s\n%s", line, out)
			require.Nil(t, answer.Error, line)
			require.NotEmpty(t, answer.Result, line)
		}
	}
	for _, node := range n.Nodes() {
		nodetest.Carries(t, node, "hello world")
	}
}

func testStampLine(t *testing.T, n *network.Network) {
	for _, node := range n.Nodes() {
		line := strings.ReplaceAll(node.StampLine(), "/tmp/", t.TempDir()+"/")
		out, err := exec.CommandContext(t.Context(), "sh", "-c", line).CombinedOutput()
		require.NoError(t, err, "%s\n%s", line, out)
		require.Regexp(t, `(?m)^stamped .* height \d+$`, string(out))
	}
}

// One VM with a malformed answer would spoil these pages for every chain of the node.
func testNodePages(t *testing.T, n *network.Network) {
	for _, node := range n.Nodes() {
		var health struct {
			Healthy bool                       `json:"healthy"`
			Checks  map[string]json.RawMessage `json:"checks"`
		}
		nodetest.Eventually(t, node.Healthy)
		status, body := get(t, node.URL()+"/ext/health")
		require.Equal(t, http.StatusOK, status)
		require.NoError(t, json.Unmarshal(body, &health), "%s", body)
		require.True(t, health.Healthy)
		require.Contains(t, health.Checks, n.ChainID().String())

		status, body = get(t, node.URL()+"/ext/metrics")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, string(body), "avalanche_"+network.VMID.String())

		versions, err := info.NewClient(node.URL()).GetNodeVersion(t.Context())
		require.NoError(t, err)
		require.Contains(t, versions.VMVersions, network.VMID.String())
		require.NotEmpty(t, versions.VMVersions[network.VMID.String()])
	}
}

func testLoadVMs(t *testing.T, n *network.Network) {
	node := n.Nodes()[0]
	another := network.NamedVMID("timestampvm again")
	require.NoError(t, sandbox.Install(timestampVM, filepath.Join(node.PluginDir(), another.String())))
	loaded, failed, err := admin.NewClient(node.URL()).LoadVMs(t.Context())
	require.NoError(t, err)
	require.Empty(t, failed)
	require.Contains(t, loaded, another)

	versions, err := info.NewClient(node.URL()).GetNodeVersion(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, versions.VMVersions[another.String()])
	require.Len(t, nodetest.Plugins(t, node), 1, "the process that was only asked for its version is left")
}

func get(t *testing.T, url string) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(nodetest.Deadline(t, time.Minute), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, body
}
