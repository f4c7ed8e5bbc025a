package plugin

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/api/metrics"
	"github.com/ava-labs/avalanchego/utils/logging"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm/runtime"
)

// The environment variable by which an operator names the protocol.
const override = "GRPC_TIMESTAMPVM_PROTOCOL"

// A node takes one answer from each process, and ends it within a millisecond of a wrong one.
func TestRefusedProtocolIsRightTheNextTime(t *testing.T) {
	t.Setenv(override, "44")
	for range 5 {
		before := remembered(t)
		require.ErrorContains(t, tryLaunch(), "implements RPCChainVM protocol version 44")
		launch(t).shutdown(t)

		left := slices.DeleteFunc(remembered(t), func(file string) bool { return slices.Contains(before, file) })
		require.Len(t, left, 1)
		require.NoError(t, os.Remove(left[0]))
	}
}

func TestProtocolThatIsNoneEndsTheStart(t *testing.T) {
	t.Setenv(override, "forty-five")
	require.Error(t, tryLaunch())
}

// tryLaunch returns why the node does not take the plugin.
func tryLaunch() error {
	_, err := rpcchainvm.NewFactory(binary, &pidRecorder{}, runtime.NewManager(), metrics.NewLabelGatherer("chain")).
		New(logging.NoLog{})
	return err
}

// remembered returns the files in which plugins keep what nodes say of their protocol.
func remembered(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("/tmp/timestampvm-protocol-*") // the node passes no TMPDIR on
	require.NoError(t, err)
	return files
}
