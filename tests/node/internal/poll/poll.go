// Package poll waits for what cannot be told to come.
package poll

import (
	"context"
	"errors"
	"time"
)

// Until tries until there is no error or the context ends, and then returns the last error.
func Until(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
