// Package attack is what a stranger can send to a node's HTTP port: little to send, and once dear to answer. The tests on
// a real network and the benchmark send the same.
package attack

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

const (
	// LargeBlocks is how many blocks of LargeData bytes the attacked chain has: what asks for blocks asks for these.
	LargeBlocks = 20
	LargeData   = 1_000_000

	maxBody  = 4 << 20 // bytes that the API reads of a request
	maxBatch = 100     // calls in a batch
)

// Chain is what an attacker has to know of the chain.
type Chain struct {
	Early string // the id of the first large block, or of one below
	Late  string // the id of the last large block
	Large uint64 // the height of the last large block
}

// Attack is one table entry: what is sent, how often, and by how many callers at the same time.
type Attack struct {
	Name    string
	Count   int
	Callers int
	Request func(c Chain, i int) Request
}

// Request is one HTTP request to the chain.
type Request struct {
	Path string // below the chain's URL
	Body []byte // of a POST; a GET has none
	// Manner is how the client behaves on its connection; Polite if it is not said.
	Manner Manner
}

// Attacks has one attack of each kind. What fills the mempool comes last: it takes the longest to go away again.
var Attacks = []Attack{
	{"4 MiB of ones behind a negative id", 30, 30, func(Chain, int) Request { return post(ones) }},
	{"lists of large blocks", 600, 600, func(c Chain, _ int) Request {
		return Request{Path: fmt.Sprintf("/explorer?from=%d", c.Large)}
	}},
	{"rpc.discover", 1_000, 32, func(Chain, int) Request { return post(call("rpc.discover", "{}")) }},
	{"4 MiB of [", 100, 100, func(Chain, int) Request { return post(lists) }},
	{"batches of 100 notifications of getProof", 5, 5, func(c Chain, _ int) Request {
		return batch(func(int) string { return notification("getProof", proofParams(c)) })
	}},
	{"batches of 50 getStatus and 50 getReceipt", 640, 16, func(_ Chain, i int) Request {
		return batch(func(nth int) string {
			if nth%2 == 0 {
				return call("getStatus", "{}")
			}
			return call("getReceipt", fmt.Sprintf(`{"id":"%064x"}`, i*maxBatch+nth))
		})
	}},
	{"clients that never read", 250, 250, func(c Chain, i int) Request {
		request := post(call("getBlocks", fmt.Sprintf(`{"from":%d}`, c.Large)))
		if i%2 == 0 {
			request = post(call("getProof", proofParams(c)))
		}
		request.Manner = Deaf
		return request
	}},
	{"batches of 100 that wait", 10, 10, func(_ Chain, i int) Request {
		return batch(func(nth int) string {
			return call("getReceipt", fmt.Sprintf(`{"id":"%064x","waitMs":25000}`, i*maxBatch+nth))
		})
	}},
	{"4 million spaces in an id", 100, 32, func(Chain, int) Request { return post(spaces) }},
	{"10,000 proposals", 10_000, 500, func(_ Chain, i int) Request {
		return post(call("proposeBlock", proposalParams(i)))
	}},
}

// Mixture is 600 requests of all kinds in turn.
var Mixture = Attack{"600 of a mixture", 600, 100, func(c Chain, i int) Request {
	return Attacks[i%len(Attacks)].Request(c, i/len(Attacks))
}}

// Bodies that are made once, since they are large.
var (
	ones   = sized(`{"jsonrpc":"2.0","id":-1,"method":"ping","x":[1`, ",1", "]}")
	lists  = sized("", "[", "")
	spaces = []byte(call("getBlock", `{"id":"`+strings.Repeat(" ", 4_000_000)+`"}`))
)

// ProposalOf gives the data that a request proposes for a block, if it does.
func ProposalOf(r Request) ([]byte, bool) {
	_, rest, found := bytes.Cut(r.Body, []byte(`"method":"proposeBlock","params":{"data":"`))
	if !found {
		return nil, false
	}
	encoded, _, _ := bytes.Cut(rest, []byte(`"`))
	data, err := base64.StdEncoding.DecodeString(string(encoded))
	return data, err == nil
}

func proposalParams(i int) string {
	return fmt.Sprintf(`{"data":"%s"}`, base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "attack %d", i)))
}

func proofParams(c Chain) string { return `{"id":"` + c.Early + `","to":"` + c.Late + `"}` }

func post[Text string | []byte](body Text) Request { return Request{Path: "/rpc", Body: []byte(body)} }

func call(method, params string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":` + params + `}`
}

// notification is a call that wants no answer.
func notification(method, params string) string {
	return `{"jsonrpc":"2.0","method":"` + method + `","params":` + params + `}`
}

func batch(nth func(i int) string) Request {
	calls := make([]string, maxBatch)
	for i := range calls {
		calls[i] = nth(i)
	}
	return post("[" + strings.Join(calls, ",") + "]")
}

// sized repeats the middle until the text is as long as the API reads.
func sized(begin, middle, end string) []byte {
	repeated := strings.Repeat(middle, (maxBody-len(begin)-len(end))/len(middle))
	return []byte(begin + repeated + end)
}

func (r Request) method() string {
	if r.Body == nil {
		return http.MethodGet
	}
	return http.MethodPost
}
