package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/ava-labs/avalanchego/ids"
	httppb "github.com/ava-labs/avalanchego/proto/pb/http"
	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"
)

const genesis = `{"data":"timestampvm benchmark"}`

// chain is one VM process that serves one chain, and the node around it.
type chain struct {
	*plugin
	host *host
	dir  string // chain data

	vm   vmpb.VMClient
	http httppb.HTTPClient
	// httpAddr is where HTTP requests are taken.
	httpAddr string

	// initialize is how long the Initialize call took.
	initialize time.Duration
	// blockBytes is the size of all accepted blocks, genesis included.
	blockBytes int64
	height     uint64

	events *eventLoop
	conns  []*grpc.ClientConn
}

// openChain starts the binary and brings a new chain into normal operation, with
// the calls of a node in their order.
func openChain(ctx context.Context, binary, dir string) (_ *chain, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	p, err := startPlugin(ctx, binary)
	if err != nil {
		return nil, err
	}
	c := &chain{plugin: p, dir: dir}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, p.output)
			c.kill()
		}
	}()

	if err = checkProtocol(p.protocol); err != nil {
		return nil, err
	}
	if c.host, err = newHost(); err != nil {
		return nil, err
	}
	conn, err := c.dial(p.addr)
	if err != nil {
		return nil, err
	}
	c.vm = vmpb.NewVMClient(conn)

	started := time.Now()
	last, err := c.vm.Initialize(p.alive, initializeRequest(p.protocol, dir, []byte(genesis), c.host))
	if err != nil {
		return nil, c.failed("Initialize", err)
	}
	c.initialize = time.Since(started)
	c.blockBytes = int64(len(last.GetBytes()))
	c.height = last.GetHeight()

	if err = c.connectHandler(); err != nil {
		return nil, err
	}
	for _, state := range []vmpb.State{vmpb.State_STATE_BOOTSTRAPPING, vmpb.State_STATE_NORMAL_OP} {
		if _, err = c.vm.SetState(p.alive, &vmpb.SetStateRequest{State: state}); err != nil {
			return nil, c.failed("SetState", err)
		}
	}
	if p.protocol >= waitForEventProtocol {
		c.events = startEventLoop(p.alive, c.vm)
	}
	return c, nil
}

// connectHandler connects to the JSON-RPC handler, over a connection of its own.
func (c *chain) connectHandler() error {
	handlers, err := c.vm.CreateHandlers(c.alive, &emptypb.Empty{})
	if err != nil {
		return c.failed("CreateHandlers", err)
	}
	for _, handler := range handlers.GetHandlers() {
		if handler.GetPrefix() != "/rpc" {
			continue
		}
		addr, err := handlerAddr(c.protocol, handler)
		if err != nil {
			return err
		}
		conn, err := c.dial(addr)
		if err != nil {
			return err
		}
		c.http, c.httpAddr = httppb.NewHTTPClient(conn), addr
		return nil
	}
	return errors.New("the plugin has no handler /rpc")
}

func (c *chain) dial(addr string) (*grpc.ClientConn, error) {
	conn, err := dial(addr)
	if err == nil {
		c.conns = append(c.conns, conn)
	}
	return conn, err
}

// close shuts the chain down as a node does and waits until the process is gone.
func (c *chain) close() error {
	if c.events != nil {
		c.events.stop()
	}
	defer c.kill()
	select {
	case <-c.exited:
		return context.Cause(c.alive)
	default:
	}
	// An interrupted run still shuts its chains down.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.alive), stopTimeout)
	defer cancel()
	if _, err := c.vm.Shutdown(ctx, &emptypb.Empty{}); err != nil {
		return c.failed("Shutdown", err)
	}
	return nil
}

func (c *chain) kill() {
	for _, conn := range c.conns {
		conn.Close()
	}
	c.stop()
	if c.host != nil {
		c.host.close()
	}
}

// failed says which call failed, and how the process ended if it did.
func (c *chain) failed(call string, err error) error {
	if cause := context.Cause(c.alive); cause != nil {
		err = cause
	}
	return fmt.Errorf("%s: %w", call, err)
}

// storedBytes is what the chain keeps: its data directory, and its part of the
// node's database.
func (c *chain) storedBytes() (int64, error) {
	total := c.host.storedBytes()
	err := filepath.WalkDir(c.dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		return nil
	})
	return total, err
}

// cycleTimes holds how long each call of a cycle took.
type cycleTimes struct {
	propose, build, verify, prefer, accept samples
}

// cycle turns data into an accepted block: what consensus does for each stamp.
func (c *chain) cycle(proposal request, times *cycleTimes) error {
	started := time.Now()
	if _, err := c.call(proposal); err != nil {
		return err
	}
	times.propose.since(started)
	_, err := c.acceptNext(times)
	return err
}

// acceptNext builds a block of what is pending and accepts it.
func (c *chain) acceptNext(times *cycleTimes) (ids.ID, error) {
	started := time.Now()
	block, err := c.vm.BuildBlock(c.alive, &vmpb.BuildBlockRequest{})
	c.events.check()
	if err != nil {
		return ids.Empty, c.failed("BuildBlock", err)
	}
	if block.GetHeight() != c.height+1 {
		return ids.Empty, fmt.Errorf("BuildBlock: height %d after %d", block.GetHeight(), c.height)
	}
	started = times.build.since(started)

	if _, err := c.vm.BlockVerify(c.alive, &vmpb.BlockVerifyRequest{Bytes: block.GetBytes()}); err != nil {
		return ids.Empty, c.failed("BlockVerify", err)
	}
	started = times.verify.since(started)

	if _, err := c.vm.SetPreference(c.alive, &vmpb.SetPreferenceRequest{Id: block.GetId()}); err != nil {
		return ids.Empty, c.failed("SetPreference", err)
	}
	c.events.check()
	started = times.prefer.since(started)

	if _, err := c.vm.BlockAccept(c.alive, &vmpb.BlockAcceptRequest{Id: block.GetId()}); err != nil {
		return ids.Empty, c.failed("BlockAccept", err)
	}
	times.accept.since(started)

	c.height++
	c.blockBytes += int64(len(block.GetBytes()))
	return ids.ToID(block.GetId())
}

// decide accepts a block of another node. Gives its id.
func (c *chain) decide(block []byte) (ids.ID, error) {
	parsed, err := c.vm.ParseBlock(c.alive, &vmpb.ParseBlockRequest{Bytes: block})
	if err != nil {
		return ids.Empty, c.failed("ParseBlock", err)
	}
	if _, err := c.vm.BlockVerify(c.alive, &vmpb.BlockVerifyRequest{Bytes: block}); err != nil {
		return ids.Empty, c.failed("BlockVerify", err)
	}
	if _, err := c.vm.SetPreference(c.alive, &vmpb.SetPreferenceRequest{Id: parsed.GetId()}); err != nil {
		return ids.Empty, c.failed("SetPreference", err)
	}
	if _, err := c.vm.BlockAccept(c.alive, &vmpb.BlockAcceptRequest{Id: parsed.GetId()}); err != nil {
		return ids.Empty, c.failed("BlockAccept", err)
	}
	c.height++
	return ids.ToID(parsed.GetId())
}

// drain accepts a block for each of so many pending proposals.
func (c *chain) drain(proposals int) error {
	var untimed cycleTimes
	for range proposals {
		if _, err := c.acceptNext(&untimed); err != nil {
			return err
		}
	}
	return nil
}
