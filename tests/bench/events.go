package main

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/emptypb"

	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"
)

// eventRetry is how long a node waits after a failed WaitForEvent.
const eventRetry = 100 * time.Millisecond

// eventLoop keeps one WaitForEvent call open, as a node does: after an answer it
// asks again once a block was built or the preference moved, and either also
// ends a call that is still waiting. The blocks come at the benchmark's own
// pace, but the calls are part of the plugin's work.
type eventLoop struct {
	mu    sync.Mutex
	abort context.CancelFunc

	halt context.CancelFunc
	done chan struct{}
}

func startEventLoop(ctx context.Context, vm vmpb.VMClient) *eventLoop {
	ctx, halt := context.WithCancel(ctx)
	l := &eventLoop{halt: halt, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for ctx.Err() == nil {
			l.wait(ctx, vm)
		}
	}()
	return l
}

func (l *eventLoop) wait(ctx context.Context, vm vmpb.VMClient) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.mu.Lock()
	l.abort = cancel
	l.mu.Unlock()

	if _, err := vm.WaitForEvent(ctx, &emptypb.Empty{}); err != nil {
		select {
		case <-time.After(eventRetry):
		case <-ctx.Done():
		}
		return
	}
	<-ctx.Done()
}

// check makes the loop ask again. A plugin without WaitForEvent has no loop.
func (l *eventLoop) check() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.abort != nil {
		l.abort()
	}
}

func (l *eventLoop) stop() {
	l.halt()
	<-l.done
}
