package plugin

import (
	"fmt"
	"os"
	"path/filepath"
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
		require.ErrorContains(t, tryLaunch(), "implements RPCChainVM protocol version 44")
		launch(t).shutdown(t)

		notes := remembered(t)
		require.Len(t, notes, 1)
		require.NoError(t, os.Remove(notes[0]))
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

// remembered returns the files in which plugins note what this process said of its protocol.
func remembered(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/tmp/timestampvm-protocol-%d-*", os.Getpid())) // plugins get no TMPDIR
	require.NoError(t, err)
	return files
}
