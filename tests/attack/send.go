package attack

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

// shownBytes is how much of an answer is kept to look at.
const shownBytes = 4 << 10

// Answers counts how requests ended: by their HTTP status, or in words where there was none.
type Answers map[string]int

// Target is where an attack goes.
type Target struct {
	Chain Chain
	URL   func(path string) string                      // of a request to that path
	See   func(r Request, status int, beginning []byte) // is shown each answer, from many goroutines at once; or nil
}

// Send sends a whole attack, and returns when each request has ended or the context has.
func (a Attack) Send(ctx context.Context, to Target) Answers {
	transport := &http.Transport{MaxIdleConnsPerHost: a.Callers}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}

	var (
		next    atomic.Int64
		callers sync.WaitGroup
		lock    sync.Mutex
		answers = Answers{}
	)
	for range a.Callers {
		callers.Go(func() {
			for i := int(next.Add(1)) - 1; i < a.Count && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				ended := to.send(ctx, client, a.Request(to.Chain, i))
				lock.Lock()
				answers[ended]++
				lock.Unlock()
			}
		})
	}
	callers.Wait()
	return answers
}

// send gives how the request ended.
func (t Target) send(ctx context.Context, client *http.Client, r Request) string {
	request, err := http.NewRequestWithContext(ctx, r.method(), t.URL(r.Path), bytes.NewReader(r.Body))
	if err != nil {
		return "malformed"
	}
	request.Header.Set("Content-Type", "application/json")
	if r.Manner != Polite {
		return r.Manner.send(ctx, request)
	}
	response, err := client.Do(request)
	if err != nil {
		return unanswered(ctx)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, shownBytes))
	if _, restErr := io.Copy(io.Discard, response.Body); errors.Join(err, restErr) != nil {
		return unanswered(ctx)
	}
	if t.See != nil {
		t.See(r, response.StatusCode, body)
	}
	return strconv.Itoa(response.StatusCode)
}

func unanswered(ctx context.Context) string {
	if ctx.Err() != nil {
		return "no answer in time"
	}
	return "cut off"
}
