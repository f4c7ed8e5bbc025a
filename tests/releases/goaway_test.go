package releases

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/stats"

	"github.com/ava-labs/avalanchego/vms/rpcchainvm/grpcutils"
)

// Until protocol 26 the node asks the plugin every ten minutes to make a new connection. Here it asks all the time.
func TestConnectionsToTheNodeAreRenewed(t *testing.T) {
	unchanged := grpcutils.DefaultServerOptions
	defer func() { grpcutils.DefaultServerOptions = unchanged }()
	var made connections
	brief := keepalive.ServerParameters{MaxConnectionAge: 20 * time.Millisecond, MaxConnectionAgeGrace: math.MaxInt64}
	grpcutils.DefaultServerOptions = append(slices.Clone(unchanged), grpc.StatsHandler(&made), grpc.KeepaliveParams(brief))

	s := newSite(t)
	c := open(t, s)
	for i := range 300 {
		c.stamp(t, fmt.Sprintf("stamp %d", i))
	}
	require.Len(t, c.whole(t), 301)
	require.Greater(t, made.Load(), int64(20), "too few for this test to say anything")
	c.close(t)
	require.Len(t, open(t, s).whole(t), 301)
}

// connections counts what a server accepts.
type connections struct{ atomic.Int64 }

func (c *connections) HandleConn(_ context.Context, event stats.ConnStats) {
	if _, isNew := event.(*stats.ConnBegin); isNew {
		c.Add(1)
	}
}

func (*connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*connections) HandleRPC(context.Context, stats.RPCStats)                         {}
