package releases

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// verifiedEnv names the folder that takes a file for everything that was shown here.
const verifiedEnv = "VERIFIED_DIR"

// nodeFact says that a release's node ran the plugin.
type nodeFact struct {
	Release  string `json:"release"`
	Protocol int    `json:"protocol"`
	How      string `json:"how"`
}

// upgradeFact says through which releases one node went with one chain.
type upgradeFact struct {
	Releases []string `json:"releases"`
}

func writeFact(t *testing.T, name string, fact any) {
	t.Helper()
	folder := os.Getenv(verifiedEnv)
	if folder == "" {
		return
	}
	text, err := json.Marshal(fact)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, name+".json"), append(text, '\n'), 0o644))
}
