package plugin

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/host"
)

// site is a host's, in a folder of the test.
type site struct {
	host.Site
}

func newSite(t *testing.T) site {
	return site{host.NewSite(t.TempDir())}
}

// otherNode is a site of the same chain on another node.
func (s site) otherNode(t *testing.T) site {
	other := newSite(t)
	other.ChainID = s.ChainID
	return other
}

// snapshot copies both places as they are now.
func (s site) snapshot(t *testing.T) site {
	return combine(t, s, s)
}

// combine copies the node's database of one site and the chain data of another: what is left after losing power, after
// restoring a backup of one of them, or after moving a disk.
func combine(t *testing.T, nodeDB, chainData site) site {
	t.Helper()
	combined := newSite(t)
	combined.ChainID = nodeDB.ChainID
	combined.NodeID = nodeDB.NodeID
	copyFolder(t, nodeDB.NodeDB, combined.NodeDB)
	copyFolder(t, chainData.ChainData, combined.ChainData)
	return combined
}

func copyFolder(t *testing.T, from, to string) {
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
