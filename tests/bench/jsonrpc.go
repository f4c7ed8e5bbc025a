package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"strconv"

	"github.com/ava-labs/avalanchego/ids"
	httppb "github.com/ava-labs/avalanchego/proto/pb/http"
)

var (
	pingRequest         = rpcRequest("ping", `[]`)
	lastAcceptedRequest = rpcRequest("lastAccepted", `[]`)

	resultPrefix = []byte(`{"jsonrpc":"2.0","result":`)

	rpcURL = "/ext/bc/" + ids.ID(idEndingIn(2)).String() + "/rpc"
)

// request is a JSON-RPC call the way a node hands over what curl sent to it. It
// can be sent often, and from many callers at once.
type request = *httppb.HandleSimpleHTTPRequest

func rpcRequest(method, params string) request {
	body := []byte(`{"jsonrpc":"2.0","id":1,"method":"timestampvm.` + method + `","params":` + params + `}`)
	return &httppb.HandleSimpleHTTPRequest{
		Method: http.MethodPost,
		Url:    rpcURL,
		RequestHeaders: []*httppb.Element{
			{Key: "Accept", Values: []string{"*/*"}},
			{Key: "Content-Length", Values: []string{strconv.Itoa(len(body))}},
			{Key: "Content-Type", Values: []string{"application/json"}},
			{Key: "User-Agent", Values: []string{"curl/8.5.0"}},
		},
		ResponseHeaders: []*httppb.Element{
			{Key: "Vary", Values: []string{"Origin"}},
		},
		Body: body,
	}
}

func getBlockRequest(id ids.ID) request {
	return rpcRequest("getBlock", `[{"id":"`+id.String()+`"}]`)
}

func proposeRequest(data []byte) request {
	return rpcRequest("proposeBlock", `[{"data":"`+base64.StdEncoding.EncodeToString(data)+`"}]`)
}

// call sends a request and gives the body of its answer, which must be a result.
func (c *chain) call(r request) ([]byte, error) {
	reply, err := c.http.HandleSimple(c.alive, r)
	if err != nil {
		return nil, c.failed("HandleSimple", err)
	}
	if reply.GetCode() != http.StatusOK || !bytes.HasPrefix(reply.GetBody(), resultPrefix) {
		return nil, fmt.Errorf("%.80s: HTTP %d, %.200s", r.GetBody(), reply.GetCode(), reply.GetBody())
	}
	return reply.GetBody(), nil
}

// stamps makes data that was never proposed before.
type stamps struct {
	made uint64
}

func (s *stamps) next(size int) []byte {
	s.made++
	seed := sha256.Sum256(binary.BigEndian.AppendUint64(nil, s.made))
	data := make([]byte, 0, size+len(seed))
	for len(data) < size {
		data = append(data, seed[:]...)
		seed = sha256.Sum256(seed[:])
	}
	return data[:size]
}

// proposals makes so many requests ahead of their time.
func (s *stamps) proposals(count, size int) []request {
	made := make([]request, count)
	for i := range made {
		made[i] = proposeRequest(s.next(size))
	}
	return made
}
