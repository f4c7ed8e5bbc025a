package attack

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// Manner is how a client behaves on its connection.
type Manner int

const (
	// Polite clients send a request and read its answer.
	Polite Manner = iota
	// Deaf ones never read the answer.
	Deaf
	// Slow ones read it a little at a time.
	Slow
	// Halting ones send a part of the request, and then nothing more.
	Halting
	// Cutting ones close the connection in the middle of the request ...
	Cutting
	// ... and hasty ones right behind it.
	Hasty
	manners
)

const (
	// rudeTime is how long a client that neither sends nor reads keeps its connection.
	rudeTime = 5 * time.Second
	// rudeBuffer is what the system takes in for one that does not read, in bytes: the rest stays with the sender.
	rudeBuffer = 4 << 10
	// A slow client reads so much at once, and then waits for so long.
	sipBytes = 1 << 10
	sipPause = 20 * time.Millisecond
)

// send gives how the request ended, in words.
func (m Manner) send(ctx context.Context, request *http.Request) string {
	var text bytes.Buffer
	if err := request.Write(&text); err != nil {
		return "malformed"
	}
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", request.URL.Host)
	if err != nil {
		return "cut off"
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { connection.Close() })()
	_ = connection.(*net.TCPConn).SetReadBuffer(rudeBuffer)
	sent := text.Bytes()
	if m == Halting || m == Cutting {
		sent = sent[:len(sent)/2]
	}
	if _, err := connection.Write(sent); err != nil {
		return "cut off"
	}
	switch m {
	case Deaf, Halting:
		wait(ctx, rudeTime)
	case Slow:
		for began := time.Now(); time.Since(began) < rudeTime && wait(ctx, sipPause); {
			if _, err := io.CopyN(io.Discard, connection, sipBytes); err != nil {
				break
			}
		}
	}
	return "not read"
}

// wait returns false when the context ended before.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
