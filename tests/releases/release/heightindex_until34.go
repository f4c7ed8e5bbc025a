//go:build until34

package release

import "context"

// VerifyHeights asks whether the plugin knows its blocks by height.
func (c *Chain) VerifyHeights(ctx context.Context) error {
	return c.VerifyHeightIndex(ctx)
}
