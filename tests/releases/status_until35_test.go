//go:build until35

package releases

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/snow/choices"
)

// Until protocol 35 the plugin tells the status of a block, and the node believes it.
func TestStatusesOfBlocks(t *testing.T) {
	s := newSite(t)
	c := open(t, s)
	first := c.head(t)
	one := c.stamp(t, "one")
	head := c.stamp(t, "two")
	rejected := child(first, one.Timestamp(), "instead of one")
	next := child(head, head.Timestamp(), "three")
	c.close(t)

	c = open(t, s) // with a client that knows none of them but the head
	fetched, err := c.GetBlock(t.Context(), first.ID())
	require.NoError(t, err)
	require.Equal(t, choices.Accepted, fetched.Status())
	require.Equal(t, choices.Accepted, c.parse(t, one.Bytes()).Status())
	require.Equal(t, choices.Rejected, c.parse(t, rejected).Status())
	processing := c.parse(t, next)
	require.Equal(t, choices.Processing, processing.Status())
	c.accept(t, processing)
}
