package plugin

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/snow"

	"github.com/timestampvm/timestampvm/tests/node/internal/liveness"
)

// A node starts every plugin once only to ask for its version.
func TestProbeAnswersVersionAndStopsWithoutInitialize(t *testing.T) {
	p := launch(t)
	version, err := p.vm.Version(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, version)
	p.shutdown(t)
}

func TestProcessStopsWithoutAnyCall(t *testing.T) {
	launch(t).shutdown(t)
}

func TestGenesisHasTheKnownID(t *testing.T) {
	for _, row := range []struct{ data, id string }{
		{"Hello from Rust VM!", "iNXkHJT2LLqRhuozgXEns1K5wYmFRsLscxLL2fSYffrcjn9F8"},
		{"2YfUpY9RCX", "WFBLfMkNe3gTQ7Vzy3Zo5vBpQD6vq4ebZRRtgt2pVgZxARELB"},
		{"hello world", "2NJJ8cpQuzypz6ZF6HwvEfvBRhmkJvW5rM2wZvEEPhHt25gHRg"},
		{"", "cDtBhzveLXTRtPYra1iPAFz8N4aGQwvWCmZHCXJT65GbZoQGj"},
		{"é", "pcVjzr9Q7tHdb4YuhUUSkbaK2nJ34osCcmid4b9buPYiY4BeD"},
	} {
		t.Run(row.data, func(t *testing.T) {
			c := open(t, options{genesis: genesisOf(row.data)})
			require.Equal(t, row.id, c.lastAccepted(t).String())

			genesis, err := c.consensus.GetBlock(t.Context(), c.lastAccepted(t))
			require.NoError(t, err)
			require.Equal(t, ids.Empty, genesis.Parent())
			require.Zero(t, genesis.Height())
			require.Zero(t, genesis.Timestamp().Unix())
		})
	}
}

func TestGenesisThatIsNoneIsRefused(t *testing.T) {
	for name, genesis := range map[string]string{
		"no JSON":    "not JSON",
		"no data":    `{}`,
		"wrong type": `{"data":1}`,
		"an array":   `["a","b"]`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tryOpen(t, options{genesis: genesis})
			require.Error(t, err)
		})
	}
}

// The node leaves a plugin running whose Initialize failed, so it must let go of the data by itself.
func TestRefusedInitializeLeavesTheDataToOthers(t *testing.T) {
	s := newSite(t)
	refused := launch(t)
	_, err := tryOpenOn(t, refused, options{site: &s, genesis: "not JSON"})
	require.Error(t, err)
	require.True(t, liveness.IsRunning(refused.pid))

	began := time.Now()
	open(t, options{site: &s})
	require.Less(t, time.Since(began), 5*time.Second, "the data was still locked")
}

func TestUnknownConfigurationIsRefusedByName(t *testing.T) {
	_, err := tryOpen(t, options{config: `{"no-such-setting":1}`})
	require.ErrorContains(t, err, "no-such-setting")
}

func TestChainDataFolderIsMadeWhenMissing(t *testing.T) {
	s := newSite(t)
	require.NoDirExists(t, s.chainData)
	open(t, options{site: &s})
	require.FileExists(t, s.chainData+"/timestampvm.db")
}

func TestStateAnswersWithTheLastAcceptedBlock(t *testing.T) {
	c := open(t, options{})
	accepted := c.stamp(t, "one")
	for _, state := range []snow.State{snow.Bootstrapping, snow.NormalOp} {
		// The client takes the last accepted block from the answer.
		require.NoError(t, c.consensus.SetState(t.Context(), state))
		require.Equal(t, accepted.ID(), c.lastAccepted(t))
	}
}

func TestPreferenceForAnUnknownBlockIsNoError(t *testing.T) {
	c := open(t, options{})
	require.NoError(t, c.consensus.SetPreference(t.Context(), ids.GenerateTestID()))
	require.NoError(t, c.consensus.SetPreference(t.Context(), c.lastAccepted(t)))
	c.stamp(t, "goes on")
}

func TestHealthTellsInJSON(t *testing.T) {
	c := open(t, options{})
	details, err := c.consensus.HealthCheck(t.Context())
	require.NoError(t, err)
	text, ok := details.(json.RawMessage)
	require.True(t, ok)
	require.True(t, json.Valid(text), "details: %s", text)
}

func TestMetricsCanBePublishedByTheNode(t *testing.T) {
	c := open(t, options{})
	c.stamp(t, "one")
	families, err := c.vm.Gather()
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, family := range families {
		require.False(t, seen[family.GetName()], "%s is there twice, which the node refuses", family.GetName())
		seen[family.GetName()] = true
		require.NotEmpty(t, family.GetMetric(), family.GetName())
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				require.NotEqual(t, "chain", label.GetName(), "the node adds this label itself")
			}
		}
	}
	require.NotEmpty(t, seen)
}

func TestChainSurvivesARestart(t *testing.T) {
	s := newSite(t)
	c := open(t, options{site: &s})
	for i := range 5 {
		c.stamp(t, numbered(i))
	}
	before := c.requireWhole(t)
	c.close(t)

	c = open(t, options{site: &s})
	require.Equal(t, before, c.requireWhole(t))
	c.stamp(t, "goes on")
	require.Len(t, c.requireWhole(t), len(before)+1)
}

// The genesis of a chain never changes, so another one means that the data belongs to another chain.
func TestRestartWithAnotherGenesisNeverMixesChains(t *testing.T) {
	s := newSite(t)
	c := open(t, options{site: &s})
	c.stamp(t, "one")
	c.close(t)

	c, err := tryOpen(t, options{site: &s, genesis: genesisOf("another")})
	if err != nil {
		return // refusing is as good as starting over
	}
	genesis := c.requireWhole(t)[0]
	require.NotEqual(t, genesisData, string(genesis.Data))
}

// The node passes no environment but its own address.
func TestPluginNeedsNoEnvironment(t *testing.T) {
	require.NotEmpty(t, os.Getenv("PATH"), "this test would prove nothing")
	open(t, options{}).stamp(t, "one")
}

func TestShutdownEndsAWaitingEvent(t *testing.T) {
	c := open(t, options{})
	ended := make(chan error, 1)
	go func() {
		_, err := c.vm.WaitForEvent(context.Background())
		ended <- err
	}()
	c.close(t)
	select {
	case err := <-ended:
		require.Error(t, err)
	case <-time.After(patience):
		require.Fail(t, "WaitForEvent outlived the plugin")
	}
}
