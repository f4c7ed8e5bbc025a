//go:build !until22

package releases

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/timestampvm/timestampvm/tests/releases/release"
)

// The node starts the plugin anew for each chain, and so can be answered better the second time. Of the node's
// environment it passes on what begins with GRPC_.
func TestRefusedProtocolIsNotTriedAgain(t *testing.T) {
	t.Setenv("GRPC_TIMESTAMPVM_PROTOCOL", strconv.Itoa(int(release.Protocol)-1))
	defer forgetRefusal(t)
	_, err := release.Start(binary, newPluginLog(t))
	require.ErrorContains(t, err, "handshake failed")

	open(t, newSite(t)).stamp(t, "one")
}

// forgetRefusal removes what the plugin noted about this process, which the other tests are to do without.
func forgetRefusal(t *testing.T) {
	t.Helper()
	notes, err := filepath.Glob(fmt.Sprintf("/tmp/timestampvm-protocol-%d-*", os.Getpid()))
	require.NoError(t, err)
	require.Len(t, notes, 1)
	require.NoError(t, os.Remove(notes[0]))
}
