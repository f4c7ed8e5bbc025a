//go:build !until28 && until30

package release

import (
	"context"
	"net/http"
)

// StaticHandlers are the VM's own HTTP handlers by prefix, which need no chain.
func (p *Plugin) StaticHandlers(ctx context.Context) (map[string]http.Handler, error) {
	return p.CreateStaticHandlers(ctx)
}
