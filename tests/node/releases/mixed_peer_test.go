//go:build linux

package releases

import (
	"context"
	"crypto/sha256"
	"math"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/ava-labs/avalanchego/database/memdb"
	"github.com/ava-labs/avalanchego/database/rpcdb"
	"github.com/ava-labs/avalanchego/ids"

	httppb "github.com/ava-labs/avalanchego/proto/pb/http"
	rpcdbpb "github.com/ava-labs/avalanchego/proto/pb/rpcdb"
	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"
)

// peerEnv names the executable of timestampvm-rs.
const peerEnv = "RS"

// requirePeer returns where timestampvm-rs is.
func requirePeer(t *testing.T) string {
	t.Helper()
	path := os.Getenv(peerEnv)
	if path == "" {
		t.Skipf("%s does not say where timestampvm-rs is: `cargo install timestampvm --locked` installs it", peerEnv)
	}
	return path
}

// peer is timestampvm-rs with a chain, driven by us in the place of a node that speaks protocol 28.
type peer struct {
	*plugin
	vm           vmpb.VMClient
	http         httppb.HTTPClient
	lastAccepted ids.ID // when it was opened
}

// startPeer opens the chain that is in the database, or a new one.
func startPeer(t *testing.T, db *memdb.Database) *peer {
	t.Helper()
	p, err := openPeer(t, db)
	require.NoError(t, err)
	require.EqualValues(t, 28, p.protocol)
	return p
}

// openPeer gives the error with which timestampvm-rs refuses the chain. When the ports that it takes are in use, it is
// started again.
func openPeer(t *testing.T, db *memdb.Database) (*peer, error) {
	t.Helper()
	path := requirePeer(t)
	databases := serve(t, func(server *grpc.Server) { rpcdbpb.RegisterDatabaseServer(server, rpcdb.NewServer(db)) })
	services := serve(t, func(server *grpc.Server) { server.RegisterService(&messenger, nil) })
	for {
		running, err := startPlugin(deadline(t, 20*time.Second), path, "RUST_LOG=off")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, running.stop()) })
		p := &peer{plugin: running, vm: vmpb.NewVMClient(running.conn)}
		err = p.open(p.alive(deadline(t, 20*time.Second)), databases, services)
		if code := status.Code(err); code != codes.Canceled && code != codes.DeadlineExceeded {
			return p, err
		}
		require.NoError(t, t.Context().Err())
	}
}

// open does what a node does before it asks for blocks.
func (p *peer) open(ctx context.Context, databases, services string) error {
	request := &vmpb.InitializeRequest{
		NetworkId: networkID, SubnetId: ids.Empty[:], ChainId: ids.Empty[:], NodeId: make([]byte, ids.NodeIDLen),
		XChainId: ids.Empty[:], CChainId: ids.Empty[:], AvaxAssetId: ids.Empty[:],
		GenesisBytes: []byte(`{"data":"the first block"}`),
		ServerAddr:   services,
	}
	// What is one address today was then a list of versions with their addresses.
	request.ProtoReflect().SetUnknown(field(13, append(field(1, []byte("v1.4.5")), field(2, []byte(databases))...)))
	opened, err := p.vm.Initialize(ctx, request, grpc.WaitForReady(true)) // it says where it is before it is there
	if err != nil {
		return err
	}
	p.lastAccepted = ids.ID(opened.LastAcceptedId)
	if _, err := p.vm.SetState(ctx, &vmpb.SetStateRequest{State: vmpb.State_STATE_NORMAL_OP}); err != nil {
		return err
	}
	handlers, err := p.vm.CreateHandlers(ctx, &emptypb.Empty{})
	if err != nil {
		return err
	}
	conn, err := p.dial(stringField(handlers.Handlers[0].ProtoReflect().GetUnknown(), 3))
	if err != nil {
		return err
	}
	p.http = httppb.NewHTTPClient(conn)
	_, err = p.post(ctx, `{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}`)
	return err
}

func (p *peer) post(ctx context.Context, body string) (string, error) {
	answer, err := p.http.HandleSimple(ctx,
		&httppb.HandleSimpleHTTPRequest{Method: "POST", Url: "/rpc", Body: []byte(body)},
		grpc.WaitForReady(true))
	return string(answer.GetBody()), err
}

func serve(t *testing.T, register func(*grpc.Server)) string {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	require.NoError(t, err)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(math.MaxInt), grpc.MaxSendMsgSize(math.MaxInt))
	register(server)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// messenger is how a plugin said that it had something to build; nodes of today do not have it.
var messenger = grpc.ServiceDesc{
	ServiceName: "messenger.Messenger",
	Methods: []grpc.MethodDesc{{
		MethodName: "Notify",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return &emptypb.Empty{}, decode(&emptypb.Empty{})
		},
	}},
}

func field(number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), value)
}

// stringField finds a string among the fields of a message.
func stringField(message []byte, wanted protowire.Number) string {
	for len(message) > 0 {
		number, kind, length := protowire.ConsumeTag(message)
		if length < 0 {
			break
		}
		message = message[length:]
		if number == wanted {
			value, _ := protowire.ConsumeString(message)
			return value
		}
		if length = protowire.ConsumeFieldValue(number, kind, message); length < 0 {
			break
		}
		message = message[length:]
	}
	return ""
}

func hash(bytes []byte) ids.ID {
	return sha256.Sum256(bytes)
}
