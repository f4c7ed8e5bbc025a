package plugin

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/ava-labs/avalanchego/utils/logging"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm/grpcutils"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm/runtime"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm/runtime/subprocess"

	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"

	"github.com/timestampvm/timestampvm/tests/node/internal/liveness"
)

// A caller that is no node must not be able to end the process.
func TestNoCallBeforeInitializeEndsTheProcess(t *testing.T) {
	conn, pid := dial(t)
	for _, method := range vmpb.VM_ServiceDesc.Methods {
		if method.MethodName == "Shutdown" {
			continue
		}
		t.Run(method.MethodName, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			// An empty message stands for any request: every field is missing. Any answer will do.
			err := conn.Invoke(ctx, "/vm.VM/"+method.MethodName, &emptypb.Empty{}, &emptypb.Empty{})
			if method.MethodName != "WaitForEvent" {
				require.NotEqual(t, codes.DeadlineExceeded, status.Code(err), "not answered")
			}
			require.NotEqual(t, codes.Unavailable, status.Code(err))
			require.True(t, liveness.IsRunning(pid))
		})
	}
	_, err := vmpb.NewVMClient(conn).Version(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
}

// Errors of these calls end the chain, whatever the state of the plugin.
func TestPeerCallsAreFineBeforeInitialize(t *testing.T) {
	conn, _ := dial(t)
	for _, method := range []string{
		"Connected", "Disconnected", "AppRequest", "AppRequestFailed", "AppResponse", "AppGossip", "Gather",
	} {
		t.Run(method, func(t *testing.T) {
			require.NoError(t, conn.Invoke(t.Context(), "/vm.VM/"+method, &emptypb.Empty{}, &emptypb.Empty{}))
		})
	}
}

func TestMalformedCallsDoNotEndTheProcess(t *testing.T) {
	conn, pid := dial(t)
	for name, call := range map[string]func(context.Context) error{
		"a service that is not there": func(ctx context.Context) error {
			return conn.Invoke(ctx, "/no.Service/Method", &emptypb.Empty{}, &emptypb.Empty{})
		},
		"a method that is not there": func(ctx context.Context) error {
			return conn.Invoke(ctx, "/vm.VM/NoMethod", &emptypb.Empty{}, &emptypb.Empty{})
		},
		"a message that does not parse": func(ctx context.Context) error {
			return conn.Invoke(ctx, "/vm.VM/GetBlock", []byte{0xff, 0xff, 0xff}, &[]byte{}, grpc.ForceCodec(rawCodec{}))
		},
		"an ID of three bytes": func(ctx context.Context) error {
			_, err := vmpb.NewVMClient(conn).BlockAccept(ctx, &vmpb.BlockAcceptRequest{Id: []byte{1, 2, 3}})
			return err
		},
		"Initialize without a database": func(ctx context.Context) error {
			_, err := vmpb.NewVMClient(conn).Initialize(ctx, &vmpb.InitializeRequest{
				GenesisBytes: []byte(genesisOf(genesisData)),
				ChainDataDir: t.TempDir(),
				DbServerAddr: "127.0.0.1:1",
				ServerAddr:   "127.0.0.1:1",
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err := call(ctx)
			require.Error(t, err)
			require.NotEqual(t, codes.DeadlineExceeded, status.Code(err), "not answered")
			require.True(t, liveness.IsRunning(pid))
		})
	}
	_, err := vmpb.NewVMClient(conn).Version(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
}

// dial starts a plugin without initialising it and connects to it without AvalancheGo's client in between.
func dial(t *testing.T) (*grpc.ClientConn, int) {
	t.Helper()
	conn, stopper, pid := bootstrap(t, exec.Command(binary), newPluginLog(t))
	t.Cleanup(func() {
		_ = conn.Close()
		stopper.Stop(context.Background())
		requireGone(t, pid, 5*time.Second)
	})
	return conn, pid
}

func bootstrap(t testing.TB, command *exec.Cmd, log logging.Logger) (*grpc.ClientConn, runtime.Stopper, int) {
	t.Helper()
	listener, err := grpcutils.NewListener()
	require.NoError(t, err)
	started, stopper, err := subprocess.Bootstrap(t.Context(), listener, command, &subprocess.Config{
		Stderr: log, Stdout: log, Log: log, HandshakeTimeout: runtime.DefaultHandshakeTimeout,
	})
	require.NoError(t, err)
	conn, err := grpcutils.Dial(started.Addr)
	require.NoError(t, err)
	return conn, stopper, started.Pid
}

// rawCodec sends bytes as they are.
type rawCodec struct{}

func (rawCodec) Name() string                    { return "proto" }
func (rawCodec) Marshal(v any) ([]byte, error)   { return v.([]byte), nil }
func (rawCodec) Unmarshal(b []byte, v any) error { *v.(*[]byte) = b; return nil }
