package releases

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/releases/release"
)

// The plugin's protocol comes from the node's --version. Before v1.9.2 it is not in there, and the plugin is told.
func TestProgramAnswersLikeTheNodeOfTheRelease(t *testing.T) {
	output := release.VersionOutput()
	require.True(t, strings.HasPrefix(output, release.Version.String()+" ["), output)
}

// A node starts every plugin once only to ask for its version.
func TestProbeAnswersVersionAndLeaves(t *testing.T) {
	p := launch(t)
	version, err := p.Version(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, version)
	shutdown(t, p)
}

func TestChainStartsWithTheKnownGenesis(t *testing.T) {
	s := newSite(t)
	c := open(t, s)
	first := c.head(t)
	require.Equal(t, "iNXkHJT2LLqRhuozgXEns1K5wYmFRsLscxLL2fSYffrcjn9F8", first.ID().String())
	require.Equal(t, ids.Empty, first.Parent())
	require.Zero(t, first.Height())
	require.Zero(t, first.Timestamp().Unix())
	require.FileExists(t, filepath.Join(s.ChainData(), "timestampvm.db"))
	c.requireShown(t, first.ID(), 0, genesisData)
	c.close(t)
}

func TestDataIsStamped(t *testing.T) {
	c := open(t, newSite(t))
	before := time.Now().Truncate(time.Second)
	parent := c.head(t)

	c.propose(t, "one")
	built := c.build(t)
	require.Equal(t, parent.ID(), built.Parent())
	require.EqualValues(t, 1, built.Height())
	require.False(t, built.Timestamp().Before(before))
	require.Equal(t, child(parent, built.Timestamp(), "one"), built.Bytes())

	require.NoError(t, built.Verify(t.Context()))
	require.NoError(t, c.SetPreference(t.Context(), built.ID()))
	require.Equal(t, parent.ID(), c.lastAccepted(t))
	require.NoError(t, built.Accept(t.Context()))
	require.Equal(t, built.ID(), c.lastAccepted(t))
	require.Equal(t, []ids.ID{parent.ID(), built.ID()}, c.whole(t))
	c.requireShown(t, built.ID(), 1, "one")

	_, err := c.BuildBlock(t.Context())
	require.Error(t, err, "there is nothing left to build")
	c.close(t)
}

func TestChainIsTakenFromPeersWhileBootstrapping(t *testing.T) {
	source := open(t, newSite(t))
	var sent [][]byte
	for _, data := range []string{"one", "two", "three"} {
		sent = append(sent, source.stamp(t, data).Bytes())
	}

	c := openBootstrapping(t, newSite(t))
	blocks, err := c.BatchedParseBlock(t.Context(), sent)
	require.NoError(t, err)
	require.Len(t, blocks, 3)
	for _, b := range blocks {
		require.NoError(t, b.Verify(t.Context()), "an error here would end the chain")
		require.NoError(t, b.Accept(t.Context()))
	}
	c.finishBootstrapping(t)
	require.Equal(t, source.whole(t), c.whole(t))
	c.stamp(t, "four")
	require.Len(t, c.whole(t), 5)
}

func TestChainSurvivesRestarts(t *testing.T) {
	s := newSite(t)
	c := open(t, s)
	c.stamp(t, "one")
	c.stamp(t, "two")
	c.propose(t, "waits")
	before := c.whole(t)
	c.close(t)

	c = open(t, s)
	require.Equal(t, before, c.whole(t))
	c.accept(t, c.build(t))
	c.requireShown(t, c.lastAccepted(t), 3, "waits")
	c.close(t)

	c = open(t, s)
	require.Equal(t, before, c.whole(t)[:3])
	c.stamp(t, "goes on")
	require.Len(t, c.whole(t), 5)
	c.close(t)
}

func TestHealthTellsInJSON(t *testing.T) {
	c := open(t, newSite(t))
	details, err := c.HealthCheck(t.Context())
	require.NoError(t, err)
	text, err := json.Marshal(details)
	require.NoError(t, err)
	require.NotContains(t, []string{"null", "{}"}, string(text))
}

func TestMetricsAreAmongTheNodes(t *testing.T) {
	c := open(t, newSite(t))
	c.stamp(t, "one")
	own, err := c.Gather()
	require.NoError(t, err)
	require.NotEmpty(t, own)

	families, err := c.Context.Metrics.Gather()
	require.NoError(t, err)
	var names []string
	for _, family := range families {
		names = append(names, family.GetName())
	}
	for _, family := range own {
		require.Condition(t, func() bool {
			return strings.Contains(strings.Join(names, " "), family.GetName())
		}, "%s is missing", family.GetName())
	}
}

// Ctrl-C in a terminal reaches the node and its plugins alike, and the node still needs them then.
func TestInterruptIsLeftToTheNode(t *testing.T) {
	c := open(t, newSite(t))
	require.NoError(t, syscall.Kill(c.Process.PID(), syscall.SIGINT))
	c.stamp(t, "one")
	c.stamp(t, "two")
	c.close(t)
}
