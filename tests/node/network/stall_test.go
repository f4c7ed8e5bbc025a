package network_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
	"github.com/timestampvm/timestampvm/tests/node/internal/stall"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

const (
	// stallTime is longer than a node waits for a plugin that answers no PING: 40 s.
	stallTime = 60 * time.Second
	// A node gives an HTTP request that waits for the disk more time than that. It is 30 s otherwise.
	answerTime = "3m"

	stampersBesideStall = 4
	proposalsInStall    = 10 // at each node whose disk stalls
	blocksInStall       = 20 // that each of them decides meanwhile, at least
)

// The disk below the chain data of two of three nodes stalls, under load. Their chains go on, whichever database the
// nodes have, and say nothing that the disk could still lose.
func TestStalledDisks(t *testing.T) {
	disk, err := stall.New(t.TempDir())
	if errors.Is(err, stall.ErrCannot) {
		t.Skip(err)
	}
	require.NoError(t, err)
	c := ourNetwork(t, 3)
	for i := range c.Programs {
		c.Programs[i].VM.Script = disk.Script()
	}
	c.Flags = map[string]string{"http-write-timeout": answerTime}
	c.FlagsOf = map[int]map[string]string{0: {"db-type": "leveldb"}, 1: {"db-type": "pebbledb"}}
	n := nodetest.Start(t, c)
	before := plugins(t, n)
	victims := []*victim{{Node: n.Nodes()[0]}, {Node: n.Nodes()[1]}}
	stopLoad := load(t, n.Nodes()[2])

	for _, v := range victims {
		v.requireGrowth(t, blocksInStall)
	}
	began := time.Now()
	for _, v := range victims {
		v.stall(t, disk)
	}
	for time.Since(began) < stallTime {
		for _, v := range victims {
			v.requireNothingSaid(t)
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, v := range victims {
		v.requireGrowth(t, blocksInStall)
		v.requireNothingSaid(t)
		v.goOn(t, disk)
	}
	stamped := stopLoad()
	report(t, "disks stalled for %s: %d stamps through the third node, %d and %d blocks decided meanwhile",
		time.Since(began).Round(time.Second), len(stamped), victims[0].grown, victims[1].grown)

	for _, v := range victims {
		for _, data := range v.proposals {
			nodetest.Carries(t, v.Node, string(data)) // that they were taken does not say that they are in a block
		}
		stamped = append(stamped, v.proposals...)
	}
	chain := nodetest.Agree(t, n.Nodes()...)
	for _, data := range stamped {
		require.Len(t, chain.Find(data), 1, "%s", data)
	}
	require.Equal(t, before, plugins(t, n))
	for _, node := range n.Nodes() {
		require.Empty(t, nodetest.LinesWith(t, node.Logs(), "] FATAL "))
	}
}

// load stamps through a node until it is stopped, and gives what was stamped then.
func load(t *testing.T, node *network.Node) (stop func() [][]byte) {
	ctx, cancel := context.WithCancel(t.Context())
	var (
		stampers sync.WaitGroup
		lock     sync.Mutex
		stamped  [][]byte
		failed   error
	)
	for stamper := range stampersBesideStall {
		stampers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				data := fmt.Appendf(nil, "stamp %d of stamper %d", i, stamper)
				err := stampWhole(t.Context(), node, data)
				lock.Lock()
				stamped = append(stamped, data)
				failed = errors.Join(failed, err)
				lock.Unlock()
			}
		})
	}
	t.Cleanup(cancel)
	return func() [][]byte {
		cancel()
		stampers.Wait()
		require.NoError(t, failed)
		return stamped
	}
}

// stampWhole returns when what was stamped is accepted.
func stampWhole(ctx context.Context, node *network.Node, data []byte) error {
	receipt, err := node.Client().Stamp(ctx, data)
	for err == nil && receipt.Status != "accepted" {
		receipt, err = node.Client().AwaitReceipt(ctx, receipt.ID)
	}
	return err
}

// victim is a node whose disk stalls.
type victim struct {
	*network.Node
	shown     ids.ID // the last block that the disk has for sure
	decided   uint64
	grown     uint64 // how many blocks it decided in the last requireGrowth
	proposals [][]byte
	answers   sync.WaitGroup
	answered  atomic.Int64
	failed    [proposalsInStall]error
}

// stall returns when the disk has stalled for so long that the node is not well.
func (v *victim) stall(t *testing.T, disk stall.Disk) {
	require.NoError(t, disk.Stall(v.PID()))
	ctx := nodetest.Deadline(t, 3*time.Minute)
	require.NoError(t, poll.Until(ctx, func() error {
		_, complaint, err := v.health(ctx)
		if err == nil && !strings.Contains(complaint, "the disk has not synced it for") {
			err = fmt.Errorf("node %s does not notice that its disk stalls: %s", v.ID(), complaint)
		}
		return err
	}))
	var err error
	v.shown, err = v.Client().LastAccepted(ctx)
	require.NoError(t, err)
	v.decided, _, err = v.health(ctx)
	require.NoError(t, err)
	for i := range proposalsInStall {
		data := fmt.Appendf(nil, "proposal %d at %s, whose disk stalls", i, v.ID())
		v.proposals = append(v.proposals, data)
		v.answers.Go(func() {
			v.failed[i] = v.Client().ProposeBlock(t.Context(), data)
			v.answered.Add(1)
		})
	}
}

// requireNothingSaid requires that the node serves clients, who are shown and promised nothing that the disk lacks.
func (v *victim) requireNothingSaid(t *testing.T) {
	t.Helper()
	shown, err := v.Client().LastAccepted(nodetest.Deadline(t, time.Minute))
	require.NoError(t, err)
	require.Equal(t, v.shown, shown)
	require.Zero(t, v.answered.Load())
}

// requireGrowth waits until the node has decided so many blocks since it was last looked at.
func (v *victim) requireGrowth(t *testing.T, blocks uint64) {
	ctx := nodetest.Deadline(t, 3*time.Minute)
	require.NoError(t, poll.Until(ctx, func() error {
		decided, _, err := v.health(ctx)
		v.grown = decided - v.decided
		if err == nil && v.grown < blocks {
			err = fmt.Errorf("node %s has decided %d blocks", v.ID(), v.grown)
		}
		return err
	}))
}

// goOn requires that all answers come now.
func (v *victim) goOn(t *testing.T, disk stall.Disk) {
	require.NoError(t, disk.GoOn(v.PID()))
	v.answers.Wait()
	require.NoError(t, errors.Join(v.failed[:]...))
}

// health returns the height up to which the node has decided, and what is wrong with its chain.
func (v *victim) health(ctx context.Context) (height uint64, complaint string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.URL()+"/ext/health", nil)
	if err != nil {
		return 0, "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, "", err
	}
	var health struct {
		Checks map[string]json.RawMessage `json:"checks"`
	}
	var chain struct {
		Error   string `json:"error"`
		Message struct {
			Engine struct {
				Consensus struct {
					LastAcceptedHeight uint64 `json:"lastAcceptedHeight"`
				} `json:"consensus"`
			} `json:"engine"`
		} `json:"message"`
	}
	if err := json.Unmarshal(body, &health); err != nil {
		return 0, "", err
	}
	err = json.Unmarshal(health.Checks[path.Base(v.ChainURL())], &chain)
	return chain.Message.Engine.Consensus.LastAcceptedHeight, chain.Error, err
}
