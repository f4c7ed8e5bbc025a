package attack

import (
	"net"
	"net/http"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

func TestPingsOfAServerThatAnswers(t *testing.T) {
	address := listen(t, func(connection net.Conn) {
		(&http2.Server{}).ServeConn(connection, &http2.ServeConnOpts{Handler: http.NotFoundHandler()})
	})
	pings, err := StartPings(address, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for len(pings.answeredSoFar()) < 20 {
		time.Sleep(time.Millisecond)
	}
	took, err := pings.Stop(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if len(took) < 20 {
		t.Fatalf("%d answers", len(took))
	}
}

// A PING without an answer counts as long as it was waited for.
func TestPingsOfAServerThatIsSilent(t *testing.T) {
	address := listen(t, func(net.Conn) {})
	pings, err := StartPings(address, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	const patience = 100 * time.Millisecond
	took, err := pings.Stop(patience)
	if err != nil {
		t.Fatal(err)
	}
	if len(took) != 1 || took[0] < patience {
		t.Fatalf("took %v", took)
	}
}

func TestPingsOfAServerThatGoes(t *testing.T) {
	address := listen(t, func(connection net.Conn) { connection.Close() })
	pings, err := StartPings(address, time.Hour)
	if err == nil {
		_, err = pings.Stop(time.Minute)
	}
	if err == nil {
		t.Fatal("nobody noticed")
	}
}

func (p *Pings) answeredSoFar() []time.Duration {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.took
}

func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { connection.Close() })
			go serve(connection)
		}
	}()
	return listener.Addr().String()
}
