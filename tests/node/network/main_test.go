package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/tests/fixture/tmpnet"

	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
)

// The programs under test.
var avalancheGo, timestampVM, counter string

func TestMain(m *testing.M) {
	var vmErr, counterErr, nodeErr error
	timestampVM, vmErr = artifact.TimestampVM()
	counter, counterErr = artifact.Counter()
	avalancheGo, nodeErr = artifact.AvalancheGo()
	for _, err := range []error{vmErr, counterErr, nodeErr} {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func startNetwork(t *testing.T, nodes int) *Network {
	t.Helper()
	return startNetworkWith(t, nodes, nil)
}

func startNetworkWith(t *testing.T, nodes int, flags tmpnet.FlagsMap) *Network {
	t.Helper()
	vm, err := TimestampVM(timestampVM, "the network's first block")
	require.NoError(t, err)
	return startConfigured(t, Config{Nodes: nodes, VM: vm, Flags: flags})
}

// startConfigured starts a network of the AvalancheGo under test.
func startConfigured(t *testing.T, c Config) *Network {
	t.Helper()
	c.AvalancheGo = avalancheGo
	n, err := Start(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(n.LogTails())
		}
		notes := n.notes(t)
		require.NotEmpty(t, notes, "a plugin notes what its node said")
		require.NoError(t, n.Stop())
		for _, note := range notes {
			require.NoFileExists(t, note)
		}
		left, err := n.folder.Processes()
		require.NoError(t, err)
		require.Empty(t, left, "processes are left")
		require.NoDirExists(t, string(n.folder.Folder))
	})
	return n
}

// notes returns the files among the temporary ones that plugins wrote about the nodes that run.
func (n *Network) notes(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, node := range n.nodes {
		pid, err := node.PID()
		if errors.Is(err, fs.ErrNotExist) {
			continue // a test has ended it
		}
		require.NoError(t, err)
		notes, err := sandbox.Notes(pid)
		require.NoError(t, err)
		all = append(all, notes...)
	}
	return all
}

// plugins returns the process IDs of all nodes' plugins.
func (n *Network) plugins(t *testing.T) [][]int {
	t.Helper()
	var all [][]int
	for _, node := range n.nodes {
		pids, err := node.PluginPIDs()
		require.NoError(t, err)
		require.Len(t, pids, 1)
		all = append(all, pids)
	}
	return all
}

// deadline is a context for a wait that is never to be as long.
func deadline(t *testing.T, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}
