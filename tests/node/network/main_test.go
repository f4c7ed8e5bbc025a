package network

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
)

// The programs under test.
var avalancheGo, timestampVM string

func TestMain(m *testing.M) {
	var vmErr, nodeErr error
	timestampVM, vmErr = artifact.TimestampVM()
	avalancheGo, nodeErr = artifact.AvalancheGo()
	for _, err := range []error{vmErr, nodeErr} {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func startNetwork(t *testing.T, nodes int) *Network {
	t.Helper()
	n, err := Start(t.Context(), Config{
		Nodes: nodes, AvalancheGo: avalancheGo, TimestampVM: timestampVM, Genesis: "the network's first block",
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(n.LogTails())
		}
		require.NoError(t, n.Stop())
		left, err := n.folder.Processes()
		require.NoError(t, err)
		require.Empty(t, left, "processes are left")
		require.NoDirExists(t, string(n.folder.Folder))
	})
	return n
}

// deadline is a context for a wait that is never to be as long.
func deadline(t *testing.T, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}
