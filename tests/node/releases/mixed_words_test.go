//go:build linux

package releases

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"
	runtimepb "github.com/ava-labs/avalanchego/proto/pb/vm/runtime"

	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// behindName is the plugin of which this program is the mouth.
const behindName = "behind"

// inOtherWords makes this program the plugin of a node that does not run. It says the blocks that are built there in other
// words, with a space, as some other program may, and passes on all else to the plugin under test.
func (m *mixedNetwork) inOtherWords(t *testing.T, node *Node) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, sandbox.Install(m.ours.Plugin, filepath.Join(node.dir, behindName)))
	program := m.ours
	program.Plugin = self
	require.NoError(t, node.Install(program))
}

// It is here because a node starts its plugins without arguments.
func init() {
	engine := os.Getenv(engineEnv)
	self, err := os.Executable()
	if engine == "" || err != nil || filepath.Base(self) != network.VMID.String() {
		return
	}
	if err := speak(engine, filepath.Join(filepath.Dir(self), "..", behindName)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// speak is a plugin until the node ends it.
func speak(engine, behind string) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	signal.Ignore(syscall.SIGINT)
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second) // the node waits no longer
	defer cancel()
	p, err := startPlugin(ctx, behind, "GRPC_TIMESTAMPVM_PROTOCOL=28")
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.ForceServerCodec(asIs{}), grpc.UnknownServiceHandler(p.pass), grpc.MaxRecvMsgSize(16<<20))
	go server.Serve(listener)
	node, err := grpc.NewClient("passthrough:///"+engine, dialOptions...)
	if err != nil {
		return err
	}
	defer node.Close()
	hello := &runtimepb.InitializeRequest{ProtocolVersion: p.protocol, Addr: listener.Addr().String()}
	if _, err := runtimepb.NewRuntimeClient(node).Initialize(ctx, hello); err != nil {
		return err
	}
	select {
	case <-stop:
	case <-p.ended:
	}
	return p.stop()
}

// pass passes on a call.
func (p *plugin) pass(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	var request, answer []byte
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	if err := p.conn.Invoke(stream.Context(), method, &request, &answer, grpc.ForceCodec(asIs{})); err != nil {
		return err
	}
	if method == vmpb.VM_BuildBlock_FullMethodName {
		var built vmpb.BuildBlockResponse
		if err := proto.Unmarshal(answer, &built); err != nil {
			return err
		}
		built.Bytes = append([]byte("{ "), built.Bytes[1:]...)
		id := hash(built.Bytes)
		built.Id = id[:]
		var err error
		if answer, err = proto.Marshal(&built); err != nil {
			return err
		}
	}
	return stream.SendMsg(&answer)
}

// asIs leaves messages as they are.
type asIs struct{}

func (asIs) Name() string                           { return "proto" }
func (asIs) Marshal(message any) ([]byte, error)    { return *message.(*[]byte), nil }
func (asIs) Unmarshal(bytes []byte, into any) error { *into.(*[]byte) = bytes; return nil }
