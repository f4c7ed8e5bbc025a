//go:build linux

package releases

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/database/memdb"
	"github.com/ava-labs/avalanchego/ids"

	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

// A block that says the same in other words has another ID. timestampvm-rs knows it by the hash of what it received, and
// keeps it, once it is accepted, in the form that it would have written: from then on it takes the block for another, on
// which nobody can build. It builds nothing until someone else has built the next block.
func TestTimestampvmRsForgetsTheWordsOfABlock(t *testing.T) {
	requirePeer(t)
	for name, words := range map[string]func(client.Block) string{
		"a space": func(b client.Block) string { return "{ " + string(b.Bytes()[1:]) },
		"a line":  func(b client.Block) string { return string(b.Bytes()) + "\n" },
		"another order": func(b client.Block) string {
			return fmt.Sprintf(`{"data":"0x%x","timestamp":%d,"height":%d,"parent_id":"%s"}`, b.Data, b.Timestamp, b.Height, b.ParentID)
		},
		"an array": func(b client.Block) string {
			return fmt.Sprintf(`["%s",%d,%d,"0x%x"]`, b.ParentID, b.Height, b.Timestamp, b.Data)
		},
		"an unknown field": func(b client.Block) string { return `{"id":[1e999],` + string(b.Bytes()[1:]) },
		"an escaped key":   func(b client.Block) string { return strings.Replace(string(b.Bytes()), `"height"`, `"\u0068eight"`, 1) },
		"capital digits":   func(b client.Block) string { return strings.Replace(string(b.Bytes()), `"0xca"`, `"0xCA"`, 1) },
		"no 0x":            func(b client.Block) string { return strings.Replace(string(b.Bytes()), `"0xca"`, `"ca"`, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := memdb.New()
			p := startPeer(t, db)
			b := client.Block{ParentID: p.lastAccepted, Height: 1, Timestamp: uint64(time.Now().Unix()), Data: []byte{0xca}}
			said := []byte(words(b))
			id, otherID := hash(said), b.ID()
			require.NotEqual(t, id, otherID)

			parsed, err := p.vm.ParseBlock(t.Context(), &vmpb.ParseBlockRequest{Bytes: said})
			require.NoError(t, err)
			require.Equal(t, id[:], parsed.Id)
			require.Equal(t, b.ParentID[:], parsed.ParentId)
			p.verify(t, said)
			require.Equal(t, said, p.block(t, id).Bytes)
			p.accept(t, id)

			require.Equal(t, id, p.shownLastAccepted(t))
			require.Equal(t, b.Bytes(), p.block(t, id).Bytes)
			require.Equal(t, vmpb.Error_ERROR_NOT_FOUND, p.block(t, otherID).Err)
			ancestors, err := p.vm.GetAncestors(t.Context(), &vmpb.GetAncestorsRequest{
				BlkId: id[:], MaxBlocksNum: 10, MaxBlocksSize: 1 << 20, MaxBlocksRetrivalTime: int64(time.Second),
			})
			require.NoError(t, err)
			require.Equal(t, [][]byte{b.Bytes()}, ancestors.BlksBytes)

			p.propose(t, "lost")
			_, err = p.vm.BuildBlock(t.Context(), &vmpb.BuildBlockRequest{})
			require.ErrorContains(t, err, "not found")
			_, err = p.vm.BuildBlock(t.Context(), &vmpb.BuildBlockRequest{})
			require.ErrorContains(t, err, "no pending block")

			// A restart is no help.
			require.NoError(t, p.stop())
			p = startPeer(t, db)
			require.Equal(t, id, p.lastAccepted)
			p.propose(t, "lost as well")
			_, err = p.vm.BuildBlock(t.Context(), &vmpb.BuildBlockRequest{})
			require.ErrorContains(t, err, "not found")

			next := client.Block{ParentID: id, Height: 2, Timestamp: b.Timestamp, Data: []byte("by another validator")}
			p.verify(t, next.Bytes())
			p.accept(t, next.ID())
			p.propose(t, "built")
			built, err := p.vm.BuildBlock(t.Context(), &vmpb.BuildBlockRequest{})
			require.NoError(t, err)
			nextID := next.ID()
			require.Equal(t, nextID[:], built.ParentId)
		})
	}
}

func (p *peer) propose(t *testing.T, data string) {
	t.Helper()
	answer, err := p.post(t.Context(), fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"proposeBlock","params":[{"data":%q}]}`,
		base64.StdEncoding.EncodeToString([]byte(data))))
	require.NoError(t, err)
	require.JSONEq(t, `{"jsonrpc":"2.0","result":{"success":true},"id":1}`, answer)
}

// verify verifies and prefers a block.
func (p *peer) verify(t *testing.T, bytes []byte) {
	t.Helper()
	_, err := p.vm.BlockVerify(t.Context(), &vmpb.BlockVerifyRequest{Bytes: bytes})
	require.NoError(t, err)
	id := hash(bytes)
	_, err = p.vm.SetPreference(t.Context(), &vmpb.SetPreferenceRequest{Id: id[:]})
	require.NoError(t, err)
}

func (p *peer) accept(t *testing.T, id ids.ID) {
	t.Helper()
	_, err := p.vm.BlockAccept(t.Context(), &vmpb.BlockAcceptRequest{Id: id[:]})
	require.NoError(t, err)
}

func (p *peer) block(t *testing.T, id ids.ID) *vmpb.GetBlockResponse {
	t.Helper()
	found, err := p.vm.GetBlock(t.Context(), &vmpb.GetBlockRequest{Id: id[:]})
	require.NoError(t, err)
	return found
}

// shownLastAccepted is what clients are told.
func (p *peer) shownLastAccepted(t *testing.T) ids.ID {
	t.Helper()
	answer, err := p.post(t.Context(), `{"jsonrpc":"2.0","id":1,"method":"lastAccepted","params":[]}`)
	require.NoError(t, err)
	_, text, found := strings.Cut(answer, `"result":{"id":"`)
	require.True(t, found, answer)
	id, err := ids.FromString(text[:strings.Index(text, `"`)])
	require.NoError(t, err)
	return id
}
