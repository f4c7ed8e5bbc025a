package network

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tests of the API and of the page that `make test` runs against a development chain.
func TestClientsOfANode(t *testing.T) {
	n := startNetwork(t, 1)
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)

	for _, suite := range []string{"tests/live", "tests/browser"} {
		t.Run(suite, func(t *testing.T) {
			bun := exec.CommandContext(t.Context(), "node_modules/.bin/bun", "test", "--config=tests/support/bunfig.toml", suite)
			bun.Dir = root
			bun.Env = append(os.Environ(), "TIMESTAMPVM_TEST_URL="+strings.TrimSuffix(n.nodes[0].ChainURL(), "/rpc"))
			output, err := bun.CombinedOutput()
			t.Logf("%s", output)
			require.NoError(t, err)
		})
	}
}
