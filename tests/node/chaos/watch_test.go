package chaos

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

func TestHealthyNodeHasNoComplaint(t *testing.T) {
	node := httptest.NewServer(answerWith(`{"healthy":true}`))
	defer node.Close()
	require.Empty(t, complaint(t.Context(), node.URL))
}

func TestUnhealthyNodeSaysWhy(t *testing.T) {
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		answerWith(`{"healthy":false,"checks":{"P":{"message":{}},"chain":{"error":"no quorum"}}}`)(w, nil)
	}))
	require.Equal(t, "503 Service Unavailable; chain: no quorum", complaint(t.Context(), node.URL))
	node.Close()
	require.Contains(t, complaint(t.Context(), node.URL), "connection refused")
}

// watchShrinkingNode watches a node that shows a chain of two blocks first, and then one of them.
func watchShrinkingNode(t *testing.T, between func(*door)) []string {
	t.Helper()
	chain := grow(firstOfAll, "a", "b")
	node := &fakeNode{blocks: map[ids.ID]client.Block{}}
	for _, b := range chain {
		node.blocks[b.ID()] = b
	}
	var looks atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var d *door
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch looks.Add(1) {
		case 1:
			node.head = chain[1].ID()
		case 4: // after lastAccepted and both blocks
			between(d)
			node.head = chain[0].ID()
		case 6:
			cancel()
		}
		node.ServeHTTP(w, r)
	}))
	defer server.Close()
	d = newDoor(0, server.URL)
	r := newRun(io.Discard, NewPicture(firstOfAll), cancel)
	r.watch(ctx, d)
	return r.violations
}

func TestChainThatShrinksWithinALifeIsAViolation(t *testing.T) {
	require.Len(t, watchShrinkingNode(t, func(*door) {}), 1)
}

func TestChainMayBeShorterInAnotherLife(t *testing.T) {
	require.Empty(t, watchShrinkingNode(t, func(d *door) { d.life.Add(1) }))
}
