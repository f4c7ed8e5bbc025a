// Package client speaks the JSON-RPC of a timestampvm chain, as any program of a user would.
package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/ava-labs/avalanchego/ids"
)

// Client calls one chain on one node.
type Client struct {
	URL  string
	HTTP *http.Client
}

// New returns a client of the chain behind the URL, such as http://127.0.0.1:9650/ext/bc/CHAIN/rpc.
func New(url string) Client {
	return Client{URL: url, HTTP: http.DefaultClient}
}

// Error is what the chain answers when it refuses a call.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string {
	return fmt.Sprintf("JSON-RPC error %d: %s", e.Code, e.Message)
}

// Ping asks whether the chain answers.
func (c Client) Ping(ctx context.Context) error {
	return c.callForSuccess(ctx, "timestampvm.ping")
}

// ProposeBlock hands in data that some later block is to carry.
func (c Client) ProposeBlock(ctx context.Context, data []byte) error {
	// A []byte is standard base64 in Go's JSON, which is what the chain expects.
	return c.callForSuccess(ctx, "timestampvm.proposeBlock", map[string][]byte{"data": data})
}

// LastAccepted returns the ID of the newest accepted block.
func (c Client) LastAccepted(ctx context.Context) (ids.ID, error) {
	var reply struct {
		ID ids.ID `json:"id"`
	}
	err := c.call(ctx, &reply, "timestampvm.lastAccepted")
	return reply.ID, err
}

// Block returns the accepted block with the ID.
func (c Client) Block(ctx context.Context, id ids.ID) (Block, error) {
	var reply struct {
		Block Block `json:"block"`
	}
	if err := c.call(ctx, &reply, "timestampvm.getBlock", map[string]string{"id": id.String()}); err != nil {
		return Block{}, err
	}
	return reply.Block, nil
}

// Status is a part of what a node says of itself and its chain.
type Status struct {
	NetworkID uint32     `json:"networkId"`
	ChainID   ids.ID     `json:"chainId"`
	NodeID    ids.NodeID `json:"nodeId"`
	State     string     `json:"state"`
	Peers     int        `json:"peers"`
}

// Status returns what the node says of itself.
func (c Client) Status(ctx context.Context) (Status, error) {
	var status Status
	err := c.call(ctx, &status, "timestampvm.getStatus")
	return status, err
}

// Receipt tells how far a stamp is.
type Receipt struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Block  struct {
		ID        ids.ID `json:"id"`
		Height    uint64 `json:"height"`
		Timestamp uint64 `json:"timestamp"`
		Knowledge
	} `json:"block"`
	Salted *Salted `json:"salted"`
}

// Knowledge is what a node knows of a block beside its bytes.
type Knowledge struct {
	Claim      string `json:"claim"`
	FirstSight *struct {
		Time int64      `json:"time"` // Unix seconds
		Node ids.NodeID `json:"node"`
		Own  bool       `json:"own"`
	} `json:"firstSight"`
}

// Salted is the stamp beside one that the node does not confirm.
type Salted struct {
	Nonce string `json:"nonce"`
	ID    string `json:"id"`
}

// Stamp hands in data that some block is to carry, unless one does.
func (c Client) Stamp(ctx context.Context, data []byte) (Receipt, error) {
	var receipt Receipt
	err := c.call(ctx, &receipt, "timestampvm.stamp", map[string][]byte{"data": data})
	return receipt, err
}

// StampDigest is the same for data of which only the SHA-256 is sent.
func (c Client) StampDigest(ctx context.Context, digest [sha256.Size]byte) (Receipt, error) {
	var receipt Receipt
	err := c.call(ctx, &receipt, "timestampvm.stamp", map[string]string{"digest": hex.EncodeToString(digest[:])})
	return receipt, err
}

// AwaitReceipt returns the receipt when it is accepted, or how far it is after 25 s.
func (c Client) AwaitReceipt(ctx context.Context, id string) (Receipt, error) {
	var receipt Receipt
	err := c.call(ctx, &receipt, "timestampvm.getReceipt", map[string]any{"id": id, "waitMs": 25_000})
	return receipt, err
}

// Receipts returns the receipts as they are now. An id is the SHA-256, in hex, of what is on the chain.
func (c Client) Receipts(ctx context.Context, ids []string) ([]Receipt, error) {
	receipts := make([]Receipt, 0, len(ids))
	for some := range slices.Chunk(ids, maxBatch) {
		calls := make([]map[string]any, len(some))
		for i, id := range some {
			calls[i] = envelopeOf(i, "timestampvm.getReceipt", map[string]string{"id": id})
		}
		request, err := json.Marshal(calls)
		if err != nil {
			return nil, err
		}
		body, err := c.post(ctx, request)
		if err != nil {
			return nil, err
		}
		var answers []struct{ Result Receipt }
		if err := json.Unmarshal(body, &answers); err != nil {
			return nil, err
		}
		for _, answer := range answers {
			receipts = append(receipts, answer.Result)
		}
	}
	return receipts, nil
}

// maxBatch is how many calls the chain takes in one request.
const maxBatch = 100

func envelopeOf(id int, method string, params ...any) map[string]any {
	return map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": params}
}

func (c Client) callForSuccess(ctx context.Context, method string, params ...any) error {
	var reply struct {
		Success bool `json:"success"`
	}
	if err := c.call(ctx, &reply, method, params...); err != nil {
		return err
	}
	if !reply.Success {
		return fmt.Errorf("%s: the answer has no success in it", method)
	}
	return nil
}

func (c Client) call(ctx context.Context, result any, method string, params ...any) error {
	if params == nil {
		params = []any{}
	}
	request, err := json.Marshal(envelopeOf(1, method, params...))
	if err != nil {
		return err
	}
	body, err := c.post(ctx, request)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	var envelope struct {
		Result json.RawMessage `json:"result"`
		Error  *Error          `json:"error"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return fmt.Errorf("%s: answer is no JSON-RPC: %w: %.200q", method, err, body)
	}
	if envelope.Error != nil {
		return fmt.Errorf("%s: %w", method, envelope.Error)
	}
	if err := json.Unmarshal(envelope.Result, result); err != nil {
		return fmt.Errorf("%s: unexpected result: %w: %.200q", method, err, body)
	}
	return nil
}

func (c Client) post(ctx context.Context, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.HTTP.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP %s: %.200q", response.Status, answer)
	}
	return answer, nil
}
