//go:build !until40 && until41

package release

import (
	"context"
	"net/http"
)

// HandlerByHeader is the chain's HTTP handler for HTTP/2 requests that name the chain in a header.
func (c *Chain) HandlerByHeader(ctx context.Context) (http.Handler, error) {
	return c.CreateHTTP2Handler(ctx)
}
