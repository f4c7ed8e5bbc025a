package releases

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
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

// startNetwork starts nodes with a chain, and when the test is over requires that nothing is left of them.
func startNetwork(t *testing.T, programs ...Program) *Network {
	t.Helper()
	n, err := Start(t.Context(), "the first block", programs...)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(n.LogTails())
		}
		require.NoError(t, n.Stop())
		require.NoDirExists(t, string(n.folder))
	})
	return n
}

// chosen returns the releases under test, oldest first.
func chosen(t *testing.T) []Release {
	t.Helper()
	names := os.Getenv(releasesEnv)
	if names == "" {
		names = milestones
	}
	var releases []Release
	for _, name := range strings.Fields(names) {
		release, err := Find(name)
		require.NoError(t, err)
		releases = append(releases, release)
	}
	return releases
}

// program is a release with the plugin under test.
func program(t *testing.T, release Release) Program {
	t.Helper()
	program, err := release.With(timestampVM)
	require.NoError(t, err)
	return program
}

// deadline is a context for a wait that is never to be as long.
func deadline(t *testing.T, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}
