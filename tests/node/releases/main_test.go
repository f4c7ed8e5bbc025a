// Package releases proves the plugin under whole nodes of old and new releases of AvalancheGo, and beside timestampvm-rs.
// Everything is in the tests.
package releases

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
	"github.com/timestampvm/timestampvm/tests/node/internal/nodetest"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// releasesEnv names the releases under test, with spaces between them. All of them are more than one likes to wait for.
const releasesEnv = "RELEASES"

// milestones are those under test if nothing is said: between them the node treats its plugins differently.
const milestones = "v1.8.6 v1.9.8 v1.10.12 v1.11.9 v1.13.2 v1.14.2"

// timestampVM is the plugin under test.
var timestampVM string

func TestMain(m *testing.M) {
	var err error
	if timestampVM, err = artifact.TimestampVM(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// chosen returns the releases under test, oldest first.
func chosen(t *testing.T) []network.Release {
	t.Helper()
	names := os.Getenv(releasesEnv)
	if names == "" {
		names = milestones
	}
	var releases []network.Release
	for _, name := range strings.Fields(names) {
		releases = append(releases, find(t, name))
	}
	return releases
}

// binariesEnv names the folder with the releases' executables, such as avalanchego-v1.8.6.
const binariesEnv = "AVALANCHEGO_DIR"

// with is a node of a release with a plugin.
func with(t *testing.T, release network.Release, plugin string) network.Program {
	t.Helper()
	path := filepath.Join(os.Getenv(binariesEnv), "avalanchego-"+release.Version)
	avalancheGo, err := artifact.Executable("AvalancheGo "+release.Version, path, "put it where "+binariesEnv+" says")
	require.NoError(t, err)
	vm, err := network.TimestampVM(plugin, "the first block")
	require.NoError(t, err)
	return network.Program{Release: release, AvalancheGo: avalancheGo, VM: vm}
}

// ours is a node of a release with the plugin under test.
func ours(t *testing.T, release network.Release) network.Program {
	t.Helper()
	return with(t, release, timestampVM)
}

func find(t *testing.T, version string) network.Release {
	t.Helper()
	release, err := network.Find(version)
	require.NoError(t, err)
	return release
}

// startOne starts a node alone with the plugin under test.
func startOne(t *testing.T, release network.Release) *network.Node {
	t.Helper()
	return nodetest.Start(t, network.Config{Programs: []network.Program{ours(t, release)}}).Nodes()[0]
}
