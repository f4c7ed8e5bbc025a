// Package nodetest is what the tests of networks do with nodes.
package nodetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/host"
	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// patience is generous: with a node that does not answer, each question to all nodes takes seconds.
const patience = 3 * time.Minute

// Start starts a network, and when the test is over requires that nothing is left of it.
func Start(t *testing.T, c network.Config) *network.Network {
	t.Helper()
	n, err := network.Start(t.Context(), c)
	require.NoError(t, err)
	return Watch(t, n)
}

// Watch takes over a network that runs.
func Watch(t *testing.T, n *network.Network) *network.Network {
	t.Helper()
	t.Cleanup(func() { stop(t, n) })
	return n
}

func stop(t *testing.T, n *network.Network) {
	if t.Failed() {
		t.Log(n.LogTails())
	}
	var notes []string
	for _, node := range n.Nodes() {
		found, err := sandbox.Notes(node.PID())
		require.NoError(t, err)
		notes = append(notes, found...)
	}
	require.NoError(t, n.Stop())
	for _, note := range notes {
		require.NoFileExists(t, note)
	}
	require.NoDirExists(t, n.Folder())
}

// Deadline is a context for a wait that is never to be as long.
func Deadline(t *testing.T, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// Eventually tries until there is no error.
func Eventually(t *testing.T, try func(context.Context) error) {
	t.Helper()
	ctx := Deadline(t, patience)
	require.NoError(t, poll.Until(ctx, func() error { return try(ctx) }))
}

// Stamp proposes, and waits until the node has accepted it.
func Stamp(t *testing.T, node *network.Node, data string) {
	t.Helper()
	ctx := Deadline(t, patience)
	head, err := node.Client().LastAccepted(ctx)
	require.NoError(t, err)
	require.NoError(t, node.Client().ProposeBlock(ctx, []byte(data)))
	require.NoError(t, poll.Until(ctx, func() error {
		news, err := node.Client().ChainAfter(ctx, head)
		if err == nil && len(news.Find([]byte(data))) == 0 {
			err = fmt.Errorf("%.20q is not accepted", data)
		}
		return err
	}))
}

// Chain returns all blocks of a node, each of which is checked.
func Chain(t *testing.T, node *network.Node) client.Chain {
	t.Helper()
	chain, err := node.Client().Chain(Deadline(t, patience))
	require.NoError(t, err)
	return chain
}

// Agree waits until the nodes have accepted the same blocks, and returns them.
func Agree(t *testing.T, nodes ...*network.Node) client.Chain {
	t.Helper()
	Eventually(t, func(ctx context.Context) error { return sameHeads(ctx, nodes) })
	agreed := Chain(t, nodes[0])
	for _, node := range nodes[1:] {
		chain := Chain(t, node)
		// More may have been accepted since.
		common := min(len(agreed), len(chain))
		require.Equal(t, agreed[:common], chain[:common], "%s", node)
		agreed = agreed[:common]
	}
	return agreed
}

func sameHeads(ctx context.Context, nodes []*network.Node) error {
	var heads []ids.ID
	for _, node := range nodes {
		head, err := node.Client().LastAccepted(ctx)
		if err != nil {
			return err
		}
		heads = append(heads, head)
	}
	if len(slices.Compact(slices.Clone(heads))) > 1 {
		return fmt.Errorf("the last accepted blocks are %s", heads)
	}
	return nil
}

// Carries waits until the node's chain carries all proposals.
func Carries(t *testing.T, node *network.Node, proposals ...string) {
	t.Helper()
	missing := make(map[string]bool, len(proposals))
	for _, data := range proposals {
		missing[data] = true
	}
	var known ids.ID
	Eventually(t, func(ctx context.Context) error {
		news, err := node.Client().ChainAfter(ctx, known)
		if err != nil {
			return err
		}
		for _, link := range news {
			delete(missing, string(link.Data))
		}
		if len(news) > 0 {
			known = news.Head().ID
		}
		if len(missing) > 0 {
			return fmt.Errorf("%s still lacks %d of %d", node, len(missing), len(proposals))
		}
		return nil
	})
}

// Plugins returns the process IDs of a node's plugins.
func Plugins(t *testing.T, node *network.Node) []int {
	t.Helper()
	plugins, err := node.PluginPIDs()
	require.NoError(t, err)
	require.NotEmpty(t, plugins)
	return plugins
}

// Gone requires that processes do not outlive their node.
func Gone(t *testing.T, pids []int) {
	t.Helper()
	require.NoError(t, host.AwaitGone(pids...))
}

// LinesWith returns the lines of logs that have one of the phrases. A log may be missing.
func LinesWith(t *testing.T, logs []string, phrases ...string) []string {
	t.Helper()
	var found []string
	for _, path := range logs {
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		require.NoError(t, err)
		for line := range strings.Lines(string(content)) {
			if slices.ContainsFunc(phrases, func(phrase string) bool { return strings.Contains(line, phrase) }) {
				found = append(found, line)
			}
		}
	}
	return found
}
