package network

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
	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
	"github.com/timestampvm/timestampvm/tests/node/internal/vmaddress"
)

const (
	// attackTime is how long attackers wait for their answers at most.
	attackTime = 15 * time.Second
	// A node ends a chain whose plugin leaves a PING unanswered for so long: grpcutils/client.go of AvalancheGo.
	keepaliveTimeout = 10 * time.Second
	pingEvery        = 100 * time.Millisecond

	// So many stamps are measured under an attack, and for no longer than this.
	stampsUnderAttack = 60
	stampsTime        = 30 * time.Second

	// proposalsTime is more than a busy machine needs for a block with each of 10,000 proposals.
	proposalsTime = 10 * time.Minute
)

// A stranger attacks one of two nodes through its HTTP port, in every way that is cheap to send. Both chains must live,
// and keep what was acknowledged. How soon is not asserted here: no machine is too busy for this test.
func TestAttack(t *testing.T) {
	n := startNetworkWith(t, 2, LargeBlocksQuickly)
	a := &attacked{Network: n, victim: n.nodes[0], witness: n.nodes[1], acknowledged: map[string]bool{}}
	a.makeLarge(t)
	a.plugins = n.plugins(t)

	t.Run("stamps at the other node", a.compareStamps)
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
	*Network
	victim, witness *Node
	chain           attack.Chain
	plugins         [][]int // of each node

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
			assert.NoError(t, a.stampSoon(t, a.nodes[i%2], data))
		})
	}
	stamps.Wait()
	chain, err := a.victim.Client().Chain(t.Context())
	require.NoError(t, err)
	a.chain = attack.Chain{Early: chain[1].ID.String(), Large: chain.Head().Height}
	report(t, "attack: %d blocks of %d bytes after %s", attack.LargeBlocks, attack.LargeData, time.Since(began).Round(time.Second))
}

func (a *attacked) survive(t *testing.T, kind attack.Attack) {
	address, err := vmaddress.Of(t.Context(), a.plugins[0][0])
	require.NoError(t, err)
	pings, err := attack.StartPings(address, pingEvery)
	require.NoError(t, err)

	began := time.Now()
	answers := kind.Send(deadline(t, attackTime), a.target(a.toChain))
	took := time.Since(began)
	pinged, err := pings.Stop(keepaliveTimeout)
	report(t, "attack: %s took %s, longest PING %d ms: %v", kind.Name, took.Round(100*time.Millisecond),
		slices.Max(pinged).Milliseconds(), answers)
	require.NoError(t, err)
	require.Less(t, slices.Max(pinged), keepaliveTimeout)

	for i, node := range a.nodes {
		require.NoError(t, node.ready(deadline(t, 2*time.Minute)))
		require.NoError(t, a.stampSoon(t, node, fmt.Appendf(nil, "at node %d after %s", i, kind.Name)))
		pids, err := node.PluginPIDs()
		require.NoError(t, err)
		require.Equal(t, a.plugins[i], pids)
	}
}

func (a *attacked) target(url func(path string) string) attack.Target {
	return attack.Target{Chain: a.chain, URL: url, See: a.note}
}

func (a *attacked) toChain(path string) string {
	return a.victim.ChainURL() + path
}

// toInfo is where the node itself takes the same bytes in.
func (a *attacked) toInfo(string) string {
	return a.victim.URL() + "/ext/info"
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
func (a *attacked) stampSoon(t *testing.T, node *Node, data []byte) error {
	ctx := deadline(t, proposalsTime)
	return poll.Until(ctx, func() error {
		stamped, err := node.Client().Stamp(ctx, data)
		if err != nil {
			return err
		}
		a.acknowledge(data)
		receipt, err := node.Client().AwaitReceipt(ctx, stamped.ID)
		if err == nil && receipt.Status != "accepted" {
			err = fmt.Errorf("the stamp at %s is %s", node.ID(), receipt.Status)
		}
		return err
	})
}

// compareStamps reports how long stamps at the other node take: alone, while the attacked node itself is sent the mixture,
// and while its chain is.
func (a *attacked) compareStamps(t *testing.T) {
	a.p95(t, "alone", nil)
	control := a.p95(t, "while /ext/info is sent the mixture", a.toInfo)
	attacked := a.p95(t, "while the chain is sent the mixture", a.toChain)
	report(t, "attack: p95 of stamps at the other node is %.1f times that of the control", float64(attacked)/float64(control))
}

// p95 stamps at the other node, again and again, for as long as attackers send the mixture to a URL, if there is one.
func (a *attacked) p95(t *testing.T, label string, url func(path string) string) time.Duration {
	attacking, stop := context.WithCancel(t.Context())
	var attackers sync.WaitGroup
	attackers.Go(func() {
		for url != nil && attacking.Err() == nil {
			attack.Mixture.Send(attacking, a.target(url))
		}
	})
	var took []time.Duration
	for began := time.Now(); len(took) < stampsUnderAttack && time.Since(began) < stampsTime; {
		data := fmt.Sprintf("stamp %d %s", len(took), label)
		took = append(took, a.witness.stamp(t, data))
		a.acknowledge([]byte(data))
	}
	stop()
	attackers.Wait()
	slices.Sort(took)
	p95 := took[len(took)*95/100]
	report(t, "attack: %d stamps at the other node %s: p50 %d ms, p95 %d ms, max %d ms", len(took), label,
		took[len(took)/2].Milliseconds(), p95.Milliseconds(), took[len(took)-1].Milliseconds())
	return p95
}

// requireAcknowledged asks both nodes for every proposal that was taken, of attackers too.
func (a *attacked) requireAcknowledged(t *testing.T) {
	taken := slices.Collect(maps.Keys(a.acknowledged))
	for _, node := range a.nodes {
		ctx := deadline(t, 3*time.Minute)
		require.NoError(t, poll.Until(ctx, func() error {
			receipts, err := node.Client().Receipts(ctx, taken)
			if err != nil {
				return err
			}
			require.Len(t, receipts, len(taken))
			for _, receipt := range receipts {
				if receipt.Status != "accepted" {
					return fmt.Errorf("at %s, %s is %s", node.ID(), receipt.ID, receipt.Status)
				}
			}
			return nil
		}))
	}
	report(t, "attack: all %d acknowledged proposals are accepted at both nodes", len(taken))
}
