//go:build !until28

package release

import (
	"context"
	"net/http"
)

// Handlers are the chain's HTTP handlers by prefix.
func (c *Chain) Handlers(ctx context.Context) (map[string]http.Handler, error) {
	return c.CreateHandlers(ctx)
}
