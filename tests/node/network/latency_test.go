package network

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	stampsPerNode = 20

	// What the project is after on a machine that does nothing else ...
	goalP50, goalP95 = 150 * time.Millisecond, 2 * time.Second
	// ... and what no machine may miss.
	boundP50, boundP95 = time.Second, 10 * time.Second
)

// Each stamp is proposed alone, as a user would, on each node in turn.
func testLatency(t *testing.T, n *Network) {
	var took []time.Duration
	for i := range stampsPerNode * len(n.nodes) {
		took = append(took, n.stampOn(t, n.nodes[i%len(n.nodes)], fmt.Sprintf("latency %d", i)))
	}
	slices.Sort(took)
	p50, p95, longest := took[len(took)/2], took[len(took)*95/100], took[len(took)-1]
	report(t, "request to acceptance over %d stamps on %d nodes: p50 %d ms (goal %d), p95 %d ms (goal %d), max %d ms",
		len(took), len(n.nodes), p50.Milliseconds(), goalP50.Milliseconds(),
		p95.Milliseconds(), goalP95.Milliseconds(), longest.Milliseconds())
	require.Less(t, p50, boundP50)
	require.Less(t, p95, boundP95)
	n.requireAgreement(t)
}
