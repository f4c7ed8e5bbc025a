//go:build !until22

package releases

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	require.NoError(t, err)
	stat, err := os.ReadFile("/proc/self/stat")
	require.NoError(t, err)
	_, behindName, _ := strings.Cut(string(stat), ") ")
	started := strings.Fields(behindName)[19]
	name := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", strings.TrimSpace(string(boot)), os.Getpid(), started))
	require.NoError(t, os.Remove(filepath.Join("/tmp", fmt.Sprintf("timestampvm-protocol-%x", name[:16]))))
}
