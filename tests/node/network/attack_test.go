package network_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/attack"
	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
	"github.com/timestampvm/timestampvm/tests/node/internal/vmaddress"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

const (
	// attackTime is how long attackers wait for their answers at most.
	attackTime = 15 * time.Second
	// A node ends a chain whose plugin leaves a PING unanswered for so long: grpcutils/client.go of AvalancheGo.
	keepaliveTimeout = 10 * time.Second
	pingEvery        = 100 * time.Millisecond

	// proposalsTime is more than a busy machine needs for a block with each of 10,000 proposals.
	proposalsTime = 10 * time.Minute
)

// A stranger attacks one of two nodes through its HTTP port, in every way that is cheap to send. Both chains must live,
// and keep what was acknowledged. How soon is not asserted here: no machine is too busy for this test.
func TestAttack(t *testing.T) {
	c := ourNetwork(t, 2)
	c.Flags = network.LargeBlocksQuickly
	n := nodetest.Start(t, c)
	a := &attacked{Network: n, victim: n.Nodes()[0], acknowledged: map[string]bool{}}
	a.makeLarge(t)
	a.plugins = plugins(t, n)

	generated := attack.Generated(rand.Uint64N(1_000_000), 600, 100)
	for _, part := range append([]attack.Attack{attack.Mixture, generated}, attack.Attacks...) {
		if !t.Run(part.Name, func(t *testing.T) { a.survive(t, part) }) {
			t.FailNow()
		}
	}
	t.Run("nothing acknowledged is lost", a.requireAcknowledged)
}

// attacked is a network of two of which one node is attacked.
type attacked struct {
	*network.Network
	victim  *network.Node
	chain   attack.Chain
	plugins [][]int // of each node

	lock         sync.Mutex
	acknowledged map[string]bool // the ids of receipts, those of attackers too
}

// makeLarge makes the blocks that are dear to read. They are proposed at both nodes at once: data of this size reaches the
// other node late, and only the one with the proposer slot may build.
func (a *attacked) makeLarge(t *testing.T) {
	began := time.Now()
	var stamps sync.WaitGroup
	for i := range attack.LargeBlocks {
		stamps.Go(func() {
			data := bytes.Repeat([]byte{byte('a' + i)}, attack.LargeData)
			assert.NoError(t, a.stampSoon(t, a.Nodes()[i%2], data))
		})
	}
	stamps.Wait()
	chain, err := a.victim.Client().Chain(t.Context())
	require.NoError(t, err)
	a.chain = attack.Chain{Early: chain[1].ID.String(), Late: chain.Head().ID.String(), Large: chain.Head().Height}
	report(t, "attack: %d blocks of %d bytes after %s", attack.LargeBlocks, attack.LargeData, time.Since(began).Round(time.Second))
}

func (a *attacked) survive(t *testing.T, kind attack.Attack) {
	address, err := vmaddress.Of(t.Context(), a.plugins[0][0])
	require.NoError(t, err)
	pings, err := attack.StartPings(address, pingEvery)
	require.NoError(t, err)

	began := time.Now()
	answers := kind.Send(nodetest.Deadline(t, attackTime), attack.Target{Chain: a.chain, URL: a.toChain, See: a.note})
	took := time.Since(began)
	pinged, err := pings.Stop(keepaliveTimeout)
	report(t, "attack: %s took %s, longest PING %d ms: %v", kind.Name, took.Round(100*time.Millisecond),
		slices.Max(pinged).Milliseconds(), answers)
	require.NoError(t, err)
	require.Less(t, slices.Max(pinged), keepaliveTimeout)

	for i, node := range a.Nodes() {
		require.NoError(t, node.Ready(nodetest.Deadline(t, 2*time.Minute)))
		require.NoError(t, a.stampSoon(t, node, fmt.Appendf(nil, "at node %d after %s", i, kind.Name)))
		require.Equal(t, a.plugins[i], nodetest.Plugins(t, node))
	}
}

func (a *attacked) toChain(path string) string {
	return a.victim.ChainURL() + path
}

// note remembers which proposals of attackers were taken.
func (a *attacked) note(r attack.Request, status int, body []byte) {
	data, proposes := attack.ProposalOf(r)
	if proposes && status == http.StatusOK && bytes.Contains(body, []byte(`"success":true`)) {
		a.acknowledge(data)
	}
}

func (a *attacked) acknowledge(data []byte) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.acknowledged[fmt.Sprintf("%x", sha256.Sum256(data))] = true
}

// stampSoon stamps as a client does that was perhaps refused and comes again, and waits until that is accepted.
func (a *attacked) stampSoon(t *testing.T, node *network.Node, data []byte) error {
	ctx := nodetest.Deadline(t, proposalsTime)
	return poll.Until(ctx, func() error {
		stamped, err := node.Client().Stamp(ctx, data)
		if err != nil {
			return err
		}
		a.acknowledge(data)
		receipt, err := node.Client().AwaitReceipt(ctx, stamped.ID)
		if err == nil && receipt.Status != "accepted" {
			err = fmt.Errorf("the stamp at %s is %s", node, receipt.Status)
		}
		return err
	})
}

// requireAcknowledged asks both nodes for every proposal that was taken, of attackers too.
func (a *attacked) requireAcknowledged(t *testing.T) {
	taken := slices.Collect(maps.Keys(a.acknowledged))
	for _, node := range a.Nodes() {
		nodetest.Eventually(t, func(ctx context.Context) error {
			receipts, err := node.Client().Receipts(ctx, taken)
			if err != nil {
				return err
			}
			require.Len(t, receipts, len(taken))
			for _, receipt := range receipts {
				if receipt.Status != "accepted" {
					return fmt.Errorf("at %s, %s is %s", node, receipt.ID, receipt.Status)
				}
			}
			return nil
		})
	}
	report(t, "attack: all %d acknowledged proposals are accepted at both nodes", len(taken))
}
