//go:build linux

package releases

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	runtimepb "github.com/ava-labs/avalanchego/proto/pb/vm/runtime"
)

// engineEnv names the address at which a node waits for its plugin.
const engineEnv = "AVALANCHE_VM_RUNTIME_ENGINE_ADDR"

// plugin is a plugin that this program runs, in the place of a node.
type plugin struct {
	protocol uint32
	conn     *grpc.ClientConn
	conns    []*grpc.ClientConn // all of them
	command  *exec.Cmd
	ended    chan struct{} // closed when the process has ended
}

// startPlugin returns once the plugin has told its protocol and its address, as it does to a node.
func startPlugin(ctx context.Context, path string, env ...string) (*plugin, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return nil, err
	}
	greeted := greeting{requests: make(chan *runtimepb.InitializeRequest, 1)}
	server := grpc.NewServer()
	runtimepb.RegisterRuntimeServer(server, greeted)
	go server.Serve(listener)
	defer server.GracefulStop() // the answer is to leave first

	command := exec.Command(path)
	command.Env = append(env, engineEnv+"="+listener.Addr().String())
	command.Stdout = os.Stderr
	command.Stderr = os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &plugin{command: command, ended: make(chan struct{})}
	go func() {
		_ = command.Wait()
		close(p.ended)
	}()
	select {
	case hello := <-greeted.requests:
		p.protocol = hello.GetProtocolVersion()
		p.conn, err = p.dial(hello.GetAddr())
		return p, err
	case <-p.ended:
		return nil, fmt.Errorf("%s ended: %s", path, command.ProcessState)
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), p.stop())
	}
}

// dial connects to something that the plugin serves.
func (p *plugin) dial(address string) (*grpc.ClientConn, error) {
	conn, err := grpc.NewClient("passthrough:///"+address, dialOptions...)
	if err == nil {
		p.conns = append(p.conns, conn)
	}
	return conn, err
}

// alive is a context that ends with the plugin.
func (p *plugin) alive(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		select {
		case <-p.ended:
		case <-ctx.Done():
		}
	}()
	return ctx
}

// stop ends the plugin as a node does.
func (p *plugin) stop() error {
	for _, conn := range p.conns {
		defer conn.Close()
	}
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopTimeout):
		err := fmt.Errorf("%s did not end within %s", p.command.Path, stopTimeout)
		return errors.Join(err, p.command.Process.Kill())
	}
}

// greeting hears the plugin's first words.
type greeting struct {
	runtimepb.UnimplementedRuntimeServer
	requests chan *runtimepb.InitializeRequest
}

func (g greeting) Initialize(_ context.Context, request *runtimepb.InitializeRequest) (*emptypb.Empty, error) {
	g.requests <- request
	return &emptypb.Empty{}, nil
}

// Messages are as large as those of a node may be.
var dialOptions = []grpc.DialOption{
	grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt), grpc.MaxCallSendMsgSize(math.MaxInt)),
	grpc.WithTransportCredentials(insecure.NewCredentials()),
}
