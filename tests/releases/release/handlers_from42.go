//go:build !until41

package release

import (
	"context"
	"net/http"
)

// HandlerByHeader is the chain's HTTP handler for requests that name the chain in a header.
func (c *Chain) HandlerByHeader(ctx context.Context) (http.Handler, error) {
	return c.NewHTTPHandler(ctx)
}
