package plugin

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/database"
	"github.com/ava-labs/avalanchego/snow/engine/snowman/block"
)

func TestStateSyncIsOff(t *testing.T) {
	c := open(t, options{bootstrap: true})
	enabled, err := c.vm.StateSyncEnabled(t.Context())
	require.NoError(t, err, "an error here would end the chain")
	require.False(t, enabled)
}

// A peer may ask for summaries all the same. Anything but one of these errors would crash the node.
func TestStateSummariesAreNotThere(t *testing.T) {
	c := open(t, options{})
	ctx := t.Context()
	for name, ask := range map[string]func() (block.StateSummary, error){
		"ongoing":   func() (block.StateSummary, error) { return c.vm.GetOngoingSyncStateSummary(ctx) },
		"last":      func() (block.StateSummary, error) { return c.vm.GetLastStateSummary(ctx) },
		"by height": func() (block.StateSummary, error) { return c.vm.GetStateSummary(ctx, 0) },
		"parsed":    func() (block.StateSummary, error) { return c.vm.ParseStateSummary(ctx, []byte("junk")) },
	} {
		t.Run(name, func(t *testing.T) {
			summary, err := ask()
			require.Nil(t, summary)
			require.True(t,
				errors.Is(err, database.ErrNotFound) || errors.Is(err, block.ErrStateSyncableVMNotImplemented),
				"found: %v", err)
		})
	}
}
