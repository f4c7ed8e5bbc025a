package chaos

import (
	"bytes"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
)

// seedEnv repeats the faults of a run, which a failed test names.
const seedEnv = "TIMESTAMPVM_TEST_SEED"

// These are short. `make chaos` does the same for longer.

func TestPluginKeepsItsWordWhenItIsKilled(t *testing.T) {
	binary, err := artifact.TimestampVM()
	require.NoError(t, err)
	report, err := RunPlugin(t.Context(), PluginConfig{
		TimestampVM: binary, Seed: seed(t), Kills: 50, Duration: 30 * time.Second, Out: shown(t),
	})
	require.NoError(t, err)
	requireKept(t, report)
	require.GreaterOrEqual(t, report.Figures.PluginKills, 20)
}

func TestNetworkKeepsItsWordInChaos(t *testing.T) {
	binary, vmErr := artifact.TimestampVM()
	require.NoError(t, vmErr)
	avalancheGo, nodeErr := artifact.AvalancheGo()
	require.NoError(t, nodeErr)
	report, err := RunNetwork(t.Context(), NetworkConfig{
		AvalancheGo: avalancheGo, TimestampVM: binary, Seed: seed(t), Nodes: 4, Duration: 25 * time.Second,
		Load: DefaultLoad(), Out: shown(t),
	})
	require.NoError(t, err)
	requireKept(t, report)
	require.Positive(t, report.Figures.PluginKills+report.Figures.NodeKills+report.Figures.Stops)
}

func TestNetworkKeepsItsWordUnderSiege(t *testing.T) {
	binary, vmErr := artifact.Breakable()
	require.NoError(t, vmErr)
	avalancheGo, nodeErr := artifact.AvalancheGo()
	require.NoError(t, nodeErr)
	report, err := RunSiege(t.Context(), SiegeConfig{
		AvalancheGo: avalancheGo, Breakable: binary, Seed: seed(t), Nodes: 3, Duration: 40 * time.Second,
		Stall: stallTime(), Load: DefaultLoad(), Out: shown(t),
	})
	require.NoError(t, err)
	report.Print(os.Stdout)
	requireKept(t, report.Report)
	require.Positive(t, report.Deeds.Attacks)
	require.Positive(t, report.Deeds.Floods)
	require.Positive(t, report.Deeds.Broken)
}

// stallTime is short here: network/TestStalledDisks has the long one.
func stallTime() time.Duration {
	if runtime.GOOS != "linux" {
		return 0
	}
	return 15 * time.Second
}

func requireKept(t *testing.T, report Report) {
	t.Helper()
	report.Print(os.Stdout)
	require.Empty(t, report.Verdict.Violations)
	require.Positive(t, report.Verdict.Acknowledged)
}

func seed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv(seedEnv)
	if text == "" {
		text = strconv.Itoa(rand.IntN(1_000_000))
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err)
	t.Logf("%s=%d repeats this", seedEnv, seed)
	return seed
}

// shown keeps what a run prints, and shows it when the test fails.
func shown(t *testing.T) *bytes.Buffer {
	var text bytes.Buffer
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(text.String())
		}
	})
	return &text
}
