package attack

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
)

// Pings asks an HTTP/2 server over and over whether it is there, as the keepalive of a node's gRPC client does. A node
// ends a chain whose plugin leaves a PING unanswered for 10 s. One PING is on its way at a time, since servers take many
// for an attack: what is asked meanwhile waits for the same answer.
type Pings struct {
	connection net.Conn
	framer     *http2.Framer
	stopping   chan struct{}
	stopped    sync.WaitGroup

	lock    sync.Mutex // also of what is written
	isSent  bool
	waiting []time.Time
	took    []time.Duration
	failure error
}

// StartPings connects to the address, and asks so often.
func StartPings(address string, every time.Duration) (*Pings, error) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	p := &Pings{connection: connection, framer: http2.NewFramer(connection, connection), stopping: make(chan struct{})}
	if _, err := io.WriteString(connection, http2.ClientPreface); err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	if err := p.framer.WriteSettings(); err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	p.ask()
	p.stopped.Go(p.read)
	p.stopped.Go(func() { p.keepAsking(every) })
	return p, nil
}

// Stop asks no more, waits at most so long for the last answer, and gives how long each answer took. One that did not come
// counts as long as it was waited for. The error says that the connection was lost.
func (p *Pings) Stop(patience time.Duration) ([]time.Duration, error) {
	close(p.stopping)
	for deadline := time.Now().Add(patience); p.isWaiting() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	p.lock.Lock()
	p.endWaiting()
	failure := p.failure
	p.lock.Unlock()
	p.connection.Close()
	p.stopped.Wait()
	return p.took, failure
}

func (p *Pings) isWaiting() bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.failure == nil && len(p.waiting) > 0
}

func (p *Pings) endWaiting() {
	for _, asked := range p.waiting {
		p.took = append(p.took, time.Since(asked))
	}
	p.waiting = nil
}

func (p *Pings) keepAsking(every time.Duration) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			p.ask()
		case <-p.stopping:
			return
		}
	}
}

func (p *Pings) ask() {
	p.write(func() error {
		p.waiting = append(p.waiting, time.Now())
		if p.isSent {
			return nil
		}
		p.isSent = true
		return p.framer.WritePing(false, [8]byte{})
	})
}

func (p *Pings) read() {
	for {
		frame, err := p.framer.ReadFrame()
		if err != nil {
			p.fail(err)
			return
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				p.write(p.framer.WriteSettingsAck)
			}
		case *http2.PingFrame:
			if frame.IsAck() {
				p.answered()
			} else {
				p.write(func() error { return p.framer.WritePing(true, frame.Data) })
			}
		case *http2.GoAwayFrame:
			p.fail(fmt.Errorf("the server says goodbye: %s", frame.ErrCode))
			return
		}
	}
}

func (p *Pings) answered() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.isSent = false
	p.endWaiting()
}

func (p *Pings) write(frame func() error) {
	p.lock.Lock()
	err := frame()
	p.lock.Unlock()
	if err != nil {
		p.fail(err)
	}
}

func (p *Pings) fail(err error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.failure == nil {
		p.failure = err
	}
}
