package plugin

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"
)

const genesisData = "Hello from Rust VM!"

// site is what of a chain outlives the processes: the node's own database and the folder in which the plugin keeps its
// data, for one chain on one node.
type site struct {
	chainID   ids.ID
	nodeID    ids.NodeID
	nodeDB    string
	chainData string
}

func newSite(t testing.TB) site {
	folder := t.TempDir()
	return site{
		chainID:   ids.GenerateTestID(),
		nodeID:    ids.GenerateTestNodeID(),
		nodeDB:    filepath.Join(folder, "db"),
		chainData: filepath.Join(folder, "chainData"),
	}
}

// otherNode is a site of the same chain on another node.
func (s site) otherNode(t testing.TB) site {
	other := newSite(t)
	other.chainID = s.chainID
	return other
}

// snapshot copies both places as they are now.
func (s site) snapshot(t testing.TB) site {
	return combine(t, s, s)
}

// combine copies the node's database of one site and the chain data of another: what is left after losing power, after
// restoring a backup of one of them, or after moving a disk.
func combine(t testing.TB, nodeDB, chainData site) site {
	t.Helper()
	combined := newSite(t)
	combined.chainID = nodeDB.chainID
	combined.nodeID = nodeDB.nodeID
	copyFolder(t, nodeDB.nodeDB, combined.nodeDB)
	copyFolder(t, chainData.chainData, combined.chainData)
	return combined
}

func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	if _, err := os.Stat(from); os.IsNotExist(err) {
		return
	}
	require.NoError(t, os.MkdirAll(to, 0o700))
	entries, err := os.ReadDir(from)
	require.NoError(t, err)
	for _, entry := range entries {
		source, copied := filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())
		switch {
		case entry.IsDir():
			copyFolder(t, source, copied)
		case entry.Type().IsRegular(): // a socket is of a process that runs
			content, err := os.ReadFile(source)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(copied, content, 0o600))
		}
	}
}
