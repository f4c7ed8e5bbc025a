//go:build until28

package release

import (
	"context"
	"fmt"
	"net/http"

	"github.com/ava-labs/avalanchego/snow/engine/common"
)

// Handlers are the chain's HTTP handlers by prefix. It fails if the node would hold the chain's lock for one.
func (c *Chain) Handlers(ctx context.Context) (map[string]http.Handler, error) {
	return withoutLock(c.CreateHandlers(ctx))
}

// StaticHandlers are the VM's own HTTP handlers by prefix, which need no chain.
func (p *Plugin) StaticHandlers(ctx context.Context) (map[string]http.Handler, error) {
	return withoutLock(p.CreateStaticHandlers(ctx))
}

func withoutLock(locked map[string]*common.HTTPHandler, err error) (map[string]http.Handler, error) {
	handlers := make(map[string]http.Handler, len(locked))
	for prefix, handler := range locked {
		if handler.LockOptions != common.NoLock {
			return nil, fmt.Errorf("the handler at %q has the lock option %d", prefix, handler.LockOptions)
		}
		handlers[prefix] = handler.Handler
	}
	return handlers, err
}
