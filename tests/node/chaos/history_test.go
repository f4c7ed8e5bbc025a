package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

func TestDataIsClaimedOnce(t *testing.T) {
	h := NewHistory()
	require.True(t, h.Claim([]byte("a")))
	require.False(t, h.Claim([]byte("a")))
	require.True(t, h.Claim([]byte("b")))
	require.Len(t, h.Proposals(), 2)
}

func TestAcknowledgedProposalsWaitUntilTheyAreSeen(t *testing.T) {
	h, p := NewHistory(), NewPicture(firstOfAll)
	for data, a := range map[string]Attempt{
		"a": {Outcome: Acknowledged, At: time.Second}, "b": {Outcome: Acknowledged, At: 3 * time.Second}, "c": {Outcome: Unknown},
	} {
		h.Claim([]byte(data))
		h.Record(DigestOf([]byte(data)), a)
	}
	require.Equal(t, 2, h.Waiting(0, p))
	require.Equal(t, 1, h.Waiting(2*time.Second, p))
	require.NoError(t, p.Attach([]client.Block{grow(firstOfAll, "b")[0]}, 0))
	require.Equal(t, 1, h.Waiting(0, p))
}
