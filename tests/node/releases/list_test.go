package releases

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/version"
)

// docs/operate.md names the releases of each protocol as AvalancheGo itself does.
func TestEveryProtocolHasReleases(t *testing.T) {
	list := version.RPCChainVMProtocolCompatibility
	require.Contains(t, list[16], "v1.8.6")
	folder := os.Getenv("VERIFIED_DIR")
	if folder == "" {
		return
	}
	text, err := json.Marshal(list)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(folder, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "releases.json"), text, 0o644))
}
