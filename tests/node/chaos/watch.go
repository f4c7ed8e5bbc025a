package chaos

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

const (
	sampleEvery = 500 * time.Millisecond
	// glanceLimit is how long a look at a node may take that may be anything but well, and have many new blocks.
	glanceLimit = 10 * time.Second
)

// watch samples the chain of a node until the context ends. Within one life the chain may only grow.
func (r *run) watch(ctx context.Context, d *door) {
	var (
		lastLife   int64 = -1
		lastHeight uint64
	)
	for sleep(ctx, sampleEvery) {
		life := d.life.Load()
		height, err := r.glance(ctx, d)
		if err != nil || d.life.Load() != life {
			continue
		}
		if life == lastLife && height < lastHeight {
			r.violate("node %d went back from height %d to %d", d.node+1, lastHeight, height)
		}
		lastLife, lastHeight = life, height
	}
}

// glance looks at a node's chain once, and returns its height.
func (r *run) glance(ctx context.Context, d *door) (uint64, error) {
	return r.observe(ctx, d, glanceLimit)
}

func (r *run) observe(ctx context.Context, d *door, limit time.Duration) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	height, err := r.picture.Observe(ctx, d.client, r.now())
	r.violateIf(d.node, err)
	return height, err
}

// complaint is what a node says about its health; "" when it is healthy.
func complaint(ctx context.Context, url string) string {
	ctx, cancel := context.WithTimeout(ctx, glanceLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/ext/health", nil)
	if err != nil {
		return err.Error()
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return ""
	}
	var health struct {
		Checks map[string]struct {
			Error string `json:"error"`
		} `json:"checks"`
	}
	if err := json.NewDecoder(response.Body).Decode(&health); err != nil {
		return response.Status
	}
	text := response.Status
	for name, check := range health.Checks {
		if check.Error != "" {
			text += "; " + name + ": " + check.Error
		}
	}
	return text
}

func firstBlock(ctx context.Context, d *door) (client.Block, error) {
	chain, err := d.client.Chain(ctx)
	if err != nil {
		return client.Block{}, err
	}
	return chain[0].Block, nil
}

func sameChain(seen []Link, chain client.Chain) bool {
	return slices.EqualFunc(seen, chain, func(a Link, b client.Link) bool { return a.ID == b.ID })
}
