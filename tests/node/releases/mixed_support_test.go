package releases

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

const (
	// peerEnv names the executable of timestampvm-rs.
	peerEnv = "RS"
	// mixedRelease is one of those for which timestampvm-rs 0.0.18 was made.
	mixedRelease = "v1.10.12"
	// tries are how often something is started in which timestampvm-rs is. It chooses ports that are free for UDP, tells the
	// node, and only then finds that another program has them for TCP: it ends, and the node waits for it for ever.
	tries = 4
	// upWithin is when a node is up on the slowest machine, if it comes up.
	upWithin = 2 * time.Minute
)

// programs are ours and timestampvm-rs on one release.
func programs(t *testing.T) (our, peer network.Program) {
	t.Helper()
	path := os.Getenv(peerEnv)
	if path == "" {
		t.Skipf("%s does not say where timestampvm-rs is: `cargo install timestampvm --locked` installs it", peerEnv)
	}
	release := find(t, mixedRelease)
	return ours(t, release), with(t, release, path)
}

// startMixed starts a network in which timestampvm-rs is.
func startMixed(t *testing.T, programs ...network.Program) []*network.Node {
	t.Helper()
	for range tries - 1 {
		trial, err := network.Start(nodetest.Deadline(t, upWithin), network.Config{Programs: programs})
		if err == nil {
			return nodetest.Watch(t, trial).Nodes()
		}
		t.Logf("once more: %s", err)
	}
	return nodetest.Start(t, network.Config{Programs: programs}).Nodes()
}

// change gives a node another program, as an operator would: the node stops, and starts again with everything it had.
func change(t *testing.T, node *network.Node, program network.Program) {
	t.Helper()
	require.NoError(t, node.Stop())
	require.NoError(t, node.Install(program))
	startAgain(t, node)
}

func startAgain(t *testing.T, node *network.Node) {
	t.Helper()
	var err error
	for range tries {
		if err = node.Start(nodetest.Deadline(t, upWithin)); err == nil {
			return
		}
		t.Logf("once more: %s", err)
		require.NoError(t, node.Kill())
	}
	require.NoError(t, err)
}

// requireAhead requires that all agree on what was there before, once one of them has built upon it: a node that was
// not there hears of the chain with the next block at the latest.
func requireAhead(t *testing.T, nodes []*network.Node, before client.Chain, builder *network.Node, data string) {
	t.Helper()
	nodetest.Stamp(t, builder, data)
	chain := nodetest.Agree(t, nodes...)
	require.Equal(t, before, chain[:len(before)])
	require.Equal(t, []string{data}, dataOf(chain[len(before):]))
}

// requireData waits until the chain carries that behind its first block, and requires that it carries no more.
func requireData(t *testing.T, node *network.Node, data ...string) {
	t.Helper()
	nodetest.Eventually(t, func(ctx context.Context) error {
		chain, err := node.Client().Chain(ctx)
		if err == nil && len(chain) <= len(data) {
			err = errors.New("not all is accepted yet")
		}
		return err
	})
	require.Equal(t, data, dataOf(nodetest.Chain(t, node)[1:]))
}

func dataOf(chain client.Chain) []string {
	var data []string
	for _, link := range chain {
		data = append(data, string(link.Data))
	}
	return data
}
