package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/client"
)

// fakeNode serves whatever chain it is given.
type fakeNode struct {
	head   ids.ID
	blocks map[ids.ID]client.Block
}

func (n *fakeNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Method string
		Params []struct{ ID ids.ID }
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if request.Method == "timestampvm.lastAccepted" {
		fmt.Fprintf(w, `{"result":{"id":"%s"}}`, n.head)
		return
	}
	block, found := n.blocks[request.Params[0].ID]
	if !found {
		fmt.Fprint(w, `{"error":{"code":-32603,"message":"not found"}}`)
		return
	}
	fmt.Fprintf(w, `{"result":{"block":{"parent_id":"%s","height":%d,"timestamp":%d,"data":"0x%x"}}}`,
		block.ParentID, block.Height, block.Timestamp, block.Data)
}

// grow returns the blocks that follow the parent.
func grow(parent client.Block, data ...string) []client.Block {
	var blocks []client.Block
	for _, d := range data {
		parent = client.Block{ParentID: parent.ID(), Height: parent.Height + 1, Timestamp: parent.Timestamp + 1, Data: []byte(d)}
		blocks = append(blocks, parent)
	}
	return blocks
}

// observe lets the picture look at a node that has these blocks, the last of them as its head.
func observe(t *testing.T, p *Picture, blocks ...client.Block) (uint64, error) {
	t.Helper()
	n := &fakeNode{blocks: map[ids.ID]client.Block{}}
	for _, b := range blocks {
		n.head = b.ID()
		n.blocks[n.head] = b
	}
	return observeNode(t, p, n)
}

func observeNode(t *testing.T, p *Picture, n *fakeNode) (uint64, error) {
	t.Helper()
	server := httptest.NewServer(n)
	defer server.Close()
	return p.Observe(context.Background(), client.New(server.URL), 0)
}

func requireViolation(t *testing.T, err error, text string) {
	t.Helper()
	var violation *Violation
	require.ErrorAs(t, err, &violation)
	require.Contains(t, violation.Text, text)
}

var firstOfAll = client.Block{Data: []byte("genesis")}

func TestPictureGrowsWithTheLongestChain(t *testing.T) {
	p := NewPicture(firstOfAll)
	chain := grow(firstOfAll, "a", "b", "c")
	for _, length := range []int{2, 1, 3, 2} {
		height, err := observe(t, p, chain[:length]...)
		require.NoError(t, err)
		require.EqualValues(t, length, height)
	}
	height, err := observe(t, p, firstOfAll)
	require.NoError(t, err)
	require.Zero(t, height)
	require.EqualValues(t, 3, p.Height())
	for i, link := range p.Links()[1:] {
		require.Equal(t, chain[i].ID(), link.ID)
		require.True(t, p.Carries(DigestOf(chain[i].Data)))
	}
	require.False(t, p.Carries(DigestOf([]byte("d"))))
}

func TestForkIsAViolation(t *testing.T) {
	p := NewPicture(firstOfAll)
	chain := grow(firstOfAll, "a", "b", "c")
	_, err := observe(t, p, chain...)
	require.NoError(t, err)
	for _, data := range [][]string{{"x"}, {"x", "y", "z"}} {
		_, err = observe(t, p, append(chain[:2:2], grow(chain[1], data...)...)...)
		requireViolation(t, err, "fork at height 3")
	}
	require.EqualValues(t, 3, p.Height())
}

func TestAnotherFirstBlockIsAViolation(t *testing.T) {
	other := client.Block{Data: []byte("other")}
	_, err := observe(t, NewPicture(firstOfAll), append([]client.Block{other}, grow(other, "a")...)...)
	requireViolation(t, err, "second first block")
}

func TestTimeThatGoesBackIsAViolation(t *testing.T) {
	first := grow(firstOfAll, "a")[0]
	second := client.Block{ParentID: first.ID(), Height: 2, Timestamp: first.Timestamp - 1}
	_, err := observe(t, NewPicture(firstOfAll), first, second)
	requireViolation(t, err, "older than its parent")
}

func TestGapInHeightsIsAViolation(t *testing.T) {
	first := client.Block{ParentID: firstOfAll.ID(), Height: 2}
	_, err := observe(t, NewPicture(firstOfAll), first)
	requireViolation(t, err, "sits on height 0")
}

func TestBlockUnderAnIDThatIsNotItsHashIsAViolation(t *testing.T) {
	wrong := ids.GenerateTestID()
	n := &fakeNode{head: wrong, blocks: map[ids.ID]client.Block{wrong: grow(firstOfAll, "a")[0]}}
	_, err := observeNode(t, NewPicture(firstOfAll), n)
	requireViolation(t, err, "hashes to")
}

// A node may be killed between two answers.
func TestChainThatCannotBeReadIsNoViolation(t *testing.T) {
	p := NewPicture(firstOfAll)
	_, err := observe(t, p, grow(firstOfAll, "a", "b")[1])
	var violation *Violation
	require.Error(t, err)
	require.NotErrorAs(t, err, &violation)
	require.Zero(t, p.Height())
}
