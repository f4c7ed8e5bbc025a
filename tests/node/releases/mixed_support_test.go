//go:build linux

package releases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// Generous: with a node that does not answer, each question to all nodes takes seconds.
const agreementLimit = 2 * time.Minute

// peerEnv names the executable of timestampvm-rs.
const peerEnv = "RS"

// mixedNetwork is one chain that two programs make.
type mixedNetwork struct {
	*Network
	ours  Program
	peers Program // timestampvm-rs
}

// startMixed starts a node for each program that is picked.
func startMixed(t *testing.T, version string, pick func(ours, peers Program) []Program) *mixedNetwork {
	t.Helper()
	path := os.Getenv(peerEnv)
	if path == "" {
		t.Skipf("%s does not say where timestampvm-rs is: `cargo install timestampvm --locked` installs it", peerEnv)
	}
	release, err := Find(version)
	require.NoError(t, err)
	ours := program(t, release)
	peers, err := release.With(path)
	require.NoError(t, err)

	folder, err := sandbox.Make("timestampvm-releases-")
	require.NoError(t, err)
	guard, err := sandbox.StartGuard(folder)
	require.NoError(t, err)
	n := &Network{folder: folder, guard: guard}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(n.LogTails())
		}
		require.NoError(t, n.Stop())
		require.NoDirExists(t, string(n.folder))
	})
	n.startAtLast(t, pick(ours, peers)...)
	return &mixedNetwork{Network: n, ours: ours, peers: peers}
}

// startAtLast does what Start does, and starts again what does not come up.
func (n *Network) startAtLast(t *testing.T, programs ...Program) {
	t.Helper()
	ctx := deadline(t, startTimeout)
	require.NoError(t, writeGenesis(n.folder.Path("genesis.json")))
	for i, program := range programs {
		node, err := newNode(n, i+1, program)
		require.NoError(t, err)
		n.nodes = append(n.nodes, node)
	}
	var err error
	n.launchAtLast(t)
	n.subnetID, err = platformOf(n.nodes[0].URL()).createSubnet(ctx)
	require.NoError(t, err)
	require.NoError(t, n.StopNodes())
	n.launchAtLast(t)
	data, err := json.Marshal(map[string]string{"data": "the first block"})
	require.NoError(t, err)
	n.chainID, err = platformOf(n.nodes[0].URL()).createChain(ctx, n.subnetID, network.VMID, data)
	require.NoError(t, err)
	n.serveAtLast(t)
}

// serveAtLast waits until all nodes serve the chain. When one does not, none can, and all start again.
func (n *Network) serveAtLast(t *testing.T) {
	t.Helper()
	for range 3 {
		err := poll.Until(deadline(t, 90*time.Second), func() error {
			var err error
			for _, node := range n.nodes {
				err = errors.Join(err, within(t.Context(), 10*time.Second, node.ready))
			}
			return err
		})
		if err == nil {
			return
		}
		t.Logf("the chain is not up: %s", err)
		for _, node := range n.nodes {
			require.NoError(t, node.Kill())
		}
		n.launchAtLast(t)
	}
	require.Fail(t, "the chain does not come up")
}

func (n *Network) launchAtLast(t *testing.T) {
	t.Helper()
	for _, node := range n.nodes {
		node.atLast(t, node.learnID)
	}
	n.awaitMesh(t)
}

// awaitMesh waits until all nodes are connected with all others.
func (n *Network) awaitMesh(t *testing.T) {
	t.Helper()
	ctx := deadline(t, 2*time.Minute)
	for _, node := range n.nodes {
		require.NoError(t, node.connected(ctx))
	}
}

// change gives a node another program, as an operator would: the node stops, and starts again with everything it had.
func (n *Node) change(t *testing.T, program Program) {
	t.Helper()
	require.NoError(t, n.Stop())
	require.NoError(t, n.Install(program))
	n.startAtLast(t)
}

// startAtLast starts a node, and returns when all may decide again.
func (n *Node) startAtLast(t *testing.T) {
	t.Helper()
	n.atLast(t, n.ready)
	n.network.awaitMesh(t)
}

// atLast starts a node again and again, until it is as it is to be. timestampvm-rs chooses ports that are free for UDP,
// tells the node, and only then finds that another program has them for TCP: it ends, and the node waits for it for ever.
func (n *Node) atLast(t *testing.T, condition func(context.Context) error) {
	t.Helper()
	ctx := deadline(t, startTimeout)
	for {
		before := n.portsInUse(t)
		if n.process == nil {
			require.NoError(t, n.launch())
		}
		err := poll.Until(deadline(t, 2*time.Minute), func() error {
			err := within(ctx, 10*time.Second, condition)
			if n.portsInUse(t) > before {
				return nil
			}
			return err
		})
		if err == nil && n.portsInUse(t) == before {
			return
		}
		require.NoError(t, ctx.Err(), "%s: %v", n, err)
		require.NoError(t, n.Kill())
	}
}

func within(ctx context.Context, limit time.Duration, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return try(ctx)
}

// portsInUse counts how often timestampvm-rs found that a port of its own was not.
func (n *Node) portsInUse(t *testing.T) int {
	t.Helper()
	return len(n.linesWith(t, "AddrInUse"))
}

// agree waits until the nodes have accepted the same blocks, and returns them: each is what its ID says, on every node.
func (m *mixedNetwork) agree(t *testing.T, nodes ...*Node) client.Chain {
	t.Helper()
	ctx := deadline(t, agreementLimit)
	var agreed client.Chain
	require.NoError(t, poll.Until(ctx, func() error {
		if _, err := commonHead(ctx, nodes); err != nil {
			return err
		}
		var err error
		agreed, err = nodes[0].Client().Chain(ctx)
		return err
	}))
	for _, node := range nodes[1:] {
		chain, err := node.Client().Chain(ctx)
		require.NoError(t, err)
		// More may have been accepted since.
		require.GreaterOrEqual(t, len(chain), len(agreed))
		require.Equal(t, agreed, chain[:len(agreed)], "%s", node)
	}
	return agreed
}

// commonHead is the last accepted block, if all nodes have the same.
func commonHead(ctx context.Context, nodes []*Node) (ids.ID, error) {
	var heads []ids.ID
	for _, node := range nodes {
		head, err := node.Client().LastAccepted(ctx)
		if err != nil {
			return ids.Empty, err
		}
		heads = append(heads, head)
	}
	for _, head := range heads {
		if head != heads[0] {
			return ids.Empty, fmt.Errorf("the last accepted blocks are %s", heads)
		}
	}
	return heads[0], nil
}

func dataOf(chain client.Chain) []string {
	var data []string
	for _, link := range chain {
		data = append(data, string(link.Data))
	}
	return data
}
