package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func faults(seed uint64, nodes, count int) []Fault {
	plan := NewPlan(seed, nodes)
	all := make([]Fault, count)
	for i := range all {
		all[i] = plan.Next()
	}
	return all
}

func TestSeedRepeatsItsPlan(t *testing.T) {
	require.Equal(t, faults(7, 4, 200), faults(7, 4, 200))
	require.NotEqual(t, faults(7, 4, 200), faults(8, 4, 200))
}

func TestPlanHasEveryFaultForEveryNode(t *testing.T) {
	type blow struct {
		kind   Kind
		victim int
	}
	seen := map[blow]bool{}
	for _, f := range faults(1, 4, 2000) {
		seen[blow{f.Kind, f.Victim}] = true
		require.Less(t, f.Victim, 4)
		if f.Sleep > 0 {
			require.NotEqual(t, f.Victim, f.Sleeper)
			require.Less(t, f.Sleeper, 4)
		}
		if f.Kind.wipes() {
			require.GreaterOrEqual(t, f.Calm, gossipTime)
		}
		require.Less(t, f.Hold, 10*time.Second)
	}
	require.Len(t, seen, int(kinds)*4)
}

// Nobody could give it the chain back.
func TestLoneNodeIsNeverWiped(t *testing.T) {
	for _, f := range faults(1, 1, 2000) {
		require.False(t, f.Kind.wipes() || f.Kind == WipeDatabase, f)
		require.Zero(t, f.Sleep)
	}
}
