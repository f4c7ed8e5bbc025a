// Package tool proves what a tool learns of the plugin that starts it without a node: avalanche-cli asks so for the protocol
// of a chain before it deploys that (its pkg/vm/compatibility.go). Everything is in the tests.
package tool

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/version"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm/grpcutils"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm/gruntime"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm/runtime"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm/runtime/subprocess"

	runtimepb "github.com/ava-labs/avalanchego/proto/pb/vm/runtime"

	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
)

// TestMain makes this program answer as avalanche-cli does when the plugin asks its parent.
func TestMain(m *testing.M) {
	if slices.Equal(os.Args[1:], []string{"--version"}) {
		fmt.Println("avalanche version 1.9.6")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// The tool then looks for nodes with that number. It takes the first word, within the node's own time for a handshake.
func TestToolLearnsTheProtocolOfARelease(t *testing.T) {
	binary, err := artifact.TimestampVM()
	require.NoError(t, err)
	t.Cleanup(func() { forget(t) })
	for range 2 { // the second time the plugin may know that this process took its word
		require.EqualValues(t, version.RPCChainVMProtocol, askProtocol(t, binary))
	}
}

// askProtocol starts the plugin with nothing in its environment but where to shake hands, and kills it when it has.
func askProtocol(t *testing.T, plugin string) uint {
	t.Helper()
	listener, err := grpcutils.NewListener()
	require.NoError(t, err)
	said := make(saidProtocol, 1)
	server := grpcutils.NewServer()
	runtimepb.RegisterRuntimeServer(server, gruntime.NewServer(said))
	go grpcutils.Serve(listener, server)
	defer server.Stop()

	command := subprocess.NewCmd(plugin)
	command.Env = []string{runtime.EngineAddressKey + "=" + listener.Addr().String()}
	require.NoError(t, command.Start())
	defer func() {
		require.NoError(t, command.Process.Kill())
		_ = command.Wait() // says that it was killed
	}()
	select {
	case protocol := <-said:
		return protocol
	case <-time.After(runtime.DefaultHandshakeTimeout):
		require.Fail(t, "the plugin did not shake hands in time")
		return 0
	}
}

type saidProtocol chan uint

func (s saidProtocol) Initialize(_ context.Context, protocol uint, _ string) error {
	s <- protocol
	return nil
}

// forget removes what the plugin notes of this process, which is no node that will start others.
func forget(t *testing.T) {
	t.Helper()
	notes, err := filepath.Glob(fmt.Sprintf("/tmp/timestampvm-protocol-%d-*", os.Getpid()))
	require.NoError(t, err)
	for _, note := range notes {
		require.NoError(t, os.Remove(note))
	}
}
