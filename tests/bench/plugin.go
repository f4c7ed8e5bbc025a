package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	runtimepb "github.com/ava-labs/avalanchego/proto/pb/vm/runtime"
)

const (
	// engineAddrVariable is all a node puts into the environment of a plugin.
	engineAddrVariable = "AVALANCHE_VM_RUNTIME_ENGINE_ADDR"

	handshakeTimeout = 5 * time.Second
	stopTimeout      = 5 * time.Second

	// outputKept is how much of a plugin's output is shown when it fails.
	outputKept = 2048
)

// plugin is a running VM process that has told its protocol and address.
type plugin struct {
	protocol uint32
	addr     string
	// handshake is the time from exec to Runtime.Initialize.
	handshake time.Duration

	// alive ends with the process, so that no call waits for a dead plugin.
	alive context.Context

	cmd    *exec.Cmd
	output *tail
	exited chan struct{}
}

// startPlugin starts the binary as a node does and waits for its handshake. The environment is what the operator adds to
// that of the node.
func startPlugin(ctx context.Context, path string, environment ...string) (*plugin, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	engine := &engine{hello: make(chan hello, 1)}
	server := newServer()
	runtimepb.RegisterRuntimeServer(server, engine)
	go server.Serve(listener)
	// The reply of the handshake must leave before the server goes.
	defer server.GracefulStop()

	alive, died := context.WithCancelCause(ctx)
	p := &plugin{
		alive:  alive,
		cmd:    exec.Command(path),
		output: &tail{},
		exited: make(chan struct{}),
	}
	p.cmd.Env = append(environment, engineAddrVariable+"="+listener.Addr().String())
	p.cmd.Stdout = p.output
	p.cmd.Stderr = p.output
	dieWithParent(p.cmd)

	started := time.Now()
	if err := p.cmd.Start(); err != nil {
		died(err)
		return nil, err
	}
	go func() {
		err := p.cmd.Wait()
		if err == nil {
			err = errors.New("exit status 0")
		}
		died(fmt.Errorf("%s ended (%w): %s", path, err, p.output))
		close(p.exited)
	}()

	select {
	case h := <-engine.hello:
		p.protocol, p.addr = h.protocol, h.addr
		p.handshake = h.at.Sub(started)
		return p, nil
	case <-alive.Done():
		return nil, context.Cause(alive)
	case <-time.After(handshakeTimeout):
		p.stop()
		return nil, fmt.Errorf("%s: no handshake within %v: %s", path, handshakeTimeout, p.output)
	}
}

// stop ends the process as a node does: SIGTERM, patience, SIGKILL.
func (p *plugin) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
		fmt.Fprintf(os.Stderr, "bench: %s did not leave within %v of SIGTERM\n", p.cmd.Path, stopTimeout)
		p.cmd.Process.Kill()
		<-p.exited
	}
}

// engine is the node's side of the handshake.
type engine struct {
	runtimepb.UnimplementedRuntimeServer
	hello chan hello
}

type hello struct {
	protocol uint32
	addr     string
	at       time.Time
}

func (e *engine) Initialize(_ context.Context, req *runtimepb.InitializeRequest) (*emptypb.Empty, error) {
	h := hello{protocol: req.GetProtocolVersion(), addr: req.GetAddr(), at: time.Now()}
	select {
	case e.hello <- h:
	default: // A second handshake changes nothing.
	}
	return &emptypb.Empty{}, nil
}

// tail keeps the end of what was written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

var _ io.Writer = (*tail)(nil)

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if len(t.kept) > 2*outputKept {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-outputKept:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.kept))
}

// dial connects to an address of the plugin, as a node does.
func dial(addr string) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///"+addr, dialOptions...)
}
