package main

import (
	"context"
	"math"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/ava-labs/avalanchego/database/memdb"
	"github.com/ava-labs/avalanchego/database/rpcdb"
	appsenderpb "github.com/ava-labs/avalanchego/proto/pb/appsender"
	rpcdbpb "github.com/ava-labs/avalanchego/proto/pb/rpcdb"
)

// The options of a node's gRPC clients and servers.
var (
	dialOptions = []grpc.DialOption{
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(math.MaxInt),
			grpc.MaxCallSendMsgSize(math.MaxInt),
			grpc.WaitForReady(true),
		),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time:                30 * time.Second,
			Timeout:             10 * time.Second,
			PermitWithoutStream: true,
		}),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
	}

	serverOptions = []grpc.ServerOption{
		grpc.MaxRecvMsgSize(math.MaxInt),
		grpc.MaxSendMsgSize(math.MaxInt),
		grpc.MaxConcurrentStreams(math.MaxUint32),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime:             5 * time.Second,
			PermitWithoutStream: true,
		}),
	}
)

func newServer(more ...grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append(append([]grpc.ServerOption{}, serverOptions...), more...)...)
}

// host is what a node serves to one chain: a database, which here lives in
// memory, and the services that send messages.
type host struct {
	database     *memdb.Database
	databaseAddr string
	servicesAddr string

	// writes counts the calls that changed the database.
	writes atomic.Int64

	servers []*grpc.Server
}

func newHost() (*host, error) {
	h := &host{database: memdb.New()}

	databases := newServer(grpc.UnaryInterceptor(h.countWrites))
	rpcdbpb.RegisterDatabaseServer(databases, rpcdb.NewServer(h.database))

	services := newServer()
	appsenderpb.RegisterAppSenderServer(services, appSender{})
	services.RegisterService(&messengerService, nil)

	var err error
	if h.databaseAddr, err = h.serve(databases); err == nil {
		h.servicesAddr, err = h.serve(services)
	}
	if err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *host) serve(server *grpc.Server) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	h.servers = append(h.servers, server)
	go server.Serve(listener)
	return listener.Addr().String(), nil
}

func (h *host) close() {
	for _, server := range h.servers {
		server.Stop()
	}
}

func (h *host) countWrites(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	switch info.FullMethod {
	case rpcdbpb.Database_Put_FullMethodName, rpcdbpb.Database_Delete_FullMethodName, rpcdbpb.Database_WriteBatch_FullMethodName:
		h.writes.Add(1)
	}
	return handler(ctx, req)
}

// storedBytes is the size of all keys and values in the database.
func (h *host) storedBytes() int64 {
	var total int64
	entries := h.database.NewIterator()
	defer entries.Release()
	for entries.Next() {
		total += int64(len(entries.Key()) + len(entries.Value()))
	}
	return total
}

// appSender takes every message and sends it to nobody.
type appSender struct {
	appsenderpb.UnimplementedAppSenderServer
}

func (appSender) SendAppGossip(context.Context, *appsenderpb.SendAppGossipMsg) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (appSender) SendAppRequest(context.Context, *appsenderpb.SendAppRequestMsg) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (appSender) SendAppResponse(context.Context, *appsenderpb.SendAppResponseMsg) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (appSender) SendAppError(context.Context, *appsenderpb.SendAppErrorMsg) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// messengerService is how a plugin up to protocol 41 says that it has something
// to build. Newer nodes do not have it, so its description is written here. The
// driver builds by its own rhythm: what the message says does not matter, and
// Empty reads and skips it.
var messengerService = grpc.ServiceDesc{
	ServiceName: "messenger.Messenger",
	Methods: []grpc.MethodDesc{{
		MethodName: "Notify",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return &emptypb.Empty{}, decode(&emptypb.Empty{})
		},
	}},
}
