package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"

	httppb "github.com/ava-labs/avalanchego/proto/pb/http"
)

// emptyHandler answers every call with the same result.
type emptyHandler struct {
	httppb.UnimplementedHTTPServer
}

func (emptyHandler) HandleSimple(context.Context, *httppb.HandleSimpleHTTPRequest) (*httppb.HandleSimpleHTTPResponse, error) {
	return &httppb.HandleSimpleHTTPResponse{
		Code: http.StatusOK,
		Body: []byte(`{"jsonrpc":"2.0","result":{"success":true},"id":1}`),
	}, nil
}

// serveEmpty serves it until standard input ends, and says where.
func serveEmpty() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := newServer()
	httppb.RegisterHTTPServer(server, emptyHandler{})
	go server.Serve(listener)
	fmt.Println(listener.Addr())
	bufio.NewReader(os.Stdin).ReadByte()
	server.Stop()
	return nil
}

// ceiling puts the load of ping on a server that does nothing: what this machine
// and the benchmark itself can reach.
func (b *bench) ceiling() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(self, "-empty-server")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	dieWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return "", err
	}
	defer cmd.Wait()
	defer stdin.Close()

	addr, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return "", err
	}
	conn, err := dial(strings.TrimSpace(addr))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	empty := &chain{plugin: &plugin{alive: b.ctx, cmd: cmd}, http: httppb.NewHTTPClient(conn)}
	ping := func(int) error {
		_, err := empty.call(pingRequest)
		return err
	}
	if _, err := together(rpcWarmUps, ping); err != nil {
		return "", err
	}
	var times rpcTimes
	own, err := usedCPU(os.Getpid(), func() error {
		for range reading.rounds {
			if err := times.round(cmd.Process.Pid, ping, effort{single: 0, many: reading.many}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	single, err := sequentially(reading.single, ping)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("The load by itself: a grpc-go server that only answers gives it p50 %s µs and, from %d callers, %s calls/s, for %s µs of CPU per call in that server and %s µs in the load.",
		number(microseconds(single.percentile(50))), callers, number(median(times.rates)),
		number(microseconds(times.cpu)/float64(times.calls)), number(microseconds(own)/float64(times.calls))), nil
}
