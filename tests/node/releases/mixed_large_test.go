//go:build linux

package releases

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/database/memdb"

	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

const closedForGood = "closed to avoid possible corruption"

// timestampvm-rs writes a block as a list of decimal numbers, six to eight characters for each byte of data, and reads
// nothing that is longer than 4 MiB. It takes a block that it cannot read again, and then reads nothing any more.
func TestTimestampvmRsCannotReadALargeBlockAgain(t *testing.T) {
	requirePeer(t)
	for _, c := range []struct {
		size   int
		digits byte
		isRead bool
	}{
		{698_000, 0x00, true},
		{699_200, 0x00, false},
		{524_000, 0xff, true},
		{524_400, 0xff, false},
	} {
		t.Run(fmt.Sprintf("%d bytes of %02x", c.size, c.digits), func(t *testing.T) {
			t.Parallel()
			db := memdb.New()
			p := startPeer(t, db)
			data := bytes.Repeat([]byte{c.digits}, c.size)
			large := client.Block{ParentID: p.lastAccepted, Height: 1, Timestamp: uint64(time.Now().Unix()), Data: data}
			next := client.Block{ParentID: large.ID(), Height: 2, Timestamp: large.Timestamp, Data: []byte("next")}
			p.verify(t, large.Bytes())
			p.accept(t, large.ID())
			require.Equal(t, large.ID(), p.shownLastAccepted(t))
			_, err := p.vm.BlockVerify(t.Context(), &vmpb.BlockVerifyRequest{Bytes: next.Bytes()})
			if c.isRead {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "message length too large")
			answer, err := p.post(t.Context(), `{"jsonrpc":"2.0","id":1,"method":"lastAccepted","params":[]}`)
			require.NoError(t, err)
			require.Contains(t, answer, closedForGood)

			require.NoError(t, p.stop())
			_, err = openPeer(t, db)
			require.ErrorContains(t, err, "message length too large")
		})
	}
}
