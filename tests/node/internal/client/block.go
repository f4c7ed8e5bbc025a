package client

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ava-labs/avalanchego/ids"
)

// Block is a block as the chain shows it.
type Block struct {
	ParentID  ids.ID
	Height    uint64
	Timestamp uint64
	Data      []byte
}

// Bytes returns the one canonical form in which a block is built and passed between nodes.
func (b Block) Bytes() []byte {
	return fmt.Appendf(nil, `{"parent_id":"%s","height":%d,"timestamp":%d,"data":"0x%x"}`,
		b.ParentID, b.Height, b.Timestamp, b.Data)
}

// ID returns the ID of the canonical form.
func (b Block) ID() ids.ID {
	return sha256.Sum256(b.Bytes())
}

// UnmarshalJSON reads the form of getBlock's answer.
func (b *Block) UnmarshalJSON(text []byte) error {
	var fields struct {
		ParentID  *ids.ID `json:"parent_id"`
		Height    *uint64 `json:"height"`
		Timestamp *uint64 `json:"timestamp"`
		Data      *string `json:"data"`
	}
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	if fields.ParentID == nil || fields.Height == nil || fields.Timestamp == nil || fields.Data == nil {
		return fmt.Errorf("a field is missing in block %.200q", text)
	}
	digits, isHex := strings.CutPrefix(*fields.Data, "0x")
	if !isHex {
		return fmt.Errorf("data does not begin with 0x: %.200q", *fields.Data)
	}
	data, err := hex.DecodeString(digits)
	if err != nil {
		return err
	}
	*b = Block{ParentID: *fields.ParentID, Height: *fields.Height, Timestamp: *fields.Timestamp, Data: data}
	return nil
}

// ParseBytes reads the form in which blocks are passed between nodes, which names its fields as getBlock does.
func ParseBytes(bytes []byte) (Block, error) {
	var b Block
	err := json.Unmarshal(bytes, &b)
	return b, err
}
