package network_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
	"github.com/timestampvm/timestampvm/tests/node/internal/client"
	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// maxTries is how often a victim stamps again until an honest node builds the block: one of three validators lies.
const maxTries = 60

// One of three validators puts its victim's digest into the first block, which claims the time of genesis, 1970. All
// accept it, as timestampvm-rs would. No honest node confirms that time, and each helps the victim to another stamp.
func TestLiar(t *testing.T) {
	c := ourNetwork(t, 3)
	c.Programs[2].VM.Script = lyingPlugin(t)
	n := nodetest.Start(t, c)
	honest, liar := n.Nodes()[0], n.Nodes()[2]
	digest := sha256.Sum256([]byte("the victim's"))

	began := time.Now()
	stolen, err := liar.Client().StampDigest(t.Context(), digest)
	require.NoError(t, err)
	for _, node := range n.Nodes()[:2] {
		block := accepted(t, node, stolen.ID).Block
		require.EqualValues(t, 1, block.Height)
		require.Zero(t, block.Timestamp)
		require.Equal(t, "unconfirmed", block.Claim)
		requireOwnSight(t, node, block.Knowledge, began)
	}

	stamp := stampUntilConfirmed(t, honest, digest)
	nonce, err := hex.DecodeString(stamp.Nonce[2:])
	require.NoError(t, err)
	salted := sha256.Sum256(append(digest[:], nonce...))
	onChain := sha256.Sum256(salted[:])
	require.Equal(t, "0x"+hex.EncodeToString(onChain[:]), stamp.ID)

	require.NoError(t, honest.Kill())
	require.NoError(t, honest.Start(t.Context()))
	requireOwnSight(t, honest, accepted(t, honest, stolen.ID).Block.Knowledge, began)

	follower, err := n.Join(t.Context())
	require.NoError(t, err)
	nodetest.Agree(t, n.Nodes()...)
	block := accepted(t, follower, stamp.ID).Block
	require.Equal(t, "unconfirmed", block.Claim, "a node that fetched a block has not seen it at its time")
	require.Nil(t, block.FirstSight)
}

// lyingPlugin is a script that runs tests/support/backdating-plugin.ts.
func lyingPlugin(t *testing.T) string {
	repository, err := artifact.Repository()
	require.NoError(t, err)
	repository, err = filepath.Abs(repository)
	require.NoError(t, err)
	bun, program := filepath.Join(repository, "node_modules/.bin/bun"), filepath.Join(repository, "tests/support/backdating-plugin.ts")
	return fmt.Sprintf("exec '%s' '%s'\n", bun, program)
}

func accepted(t *testing.T, node *network.Node, id string) client.Receipt {
	t.Helper()
	var receipt client.Receipt
	nodetest.Eventually(t, func(ctx context.Context) (err error) {
		receipt, err = node.Client().AwaitReceipt(ctx, id)
		if err == nil && receipt.Status != "accepted" {
			err = fmt.Errorf("%s has receipt %s as %s", node, id, receipt.Status)
		}
		return err
	})
	return receipt
}

// requireOwnSight requires a time at which the node itself can have seen the block.
func requireOwnSight(t *testing.T, node *network.Node, known client.Knowledge, began time.Time) {
	t.Helper()
	require.NotNil(t, known.FirstSight)
	require.True(t, known.FirstSight.Own)
	require.Equal(t, node.ID(), known.FirstSight.Node)
	require.GreaterOrEqual(t, known.FirstSight.Time, began.Unix())
	require.LessOrEqual(t, known.FirstSight.Time, time.Now().Unix()+1)
}

// stampUntilConfirmed stamps as a victim does: again, as long as the liar builds the block.
func stampUntilConfirmed(t *testing.T, node *network.Node, digest [sha256.Size]byte) client.Salted {
	t.Helper()
	for range maxTries {
		receipt, err := node.Client().StampDigest(t.Context(), digest)
		require.NoError(t, err)
		require.NotNil(t, receipt.Salted)
		if accepted(t, node, receipt.Salted.ID).Block.Claim == "confirmed" {
			return *receipt.Salted
		}
	}
	t.Fatal("the liar has built all blocks")
	return client.Salted{}
}
