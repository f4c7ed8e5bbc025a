package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ava-labs/avalanchego/ids"
	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"
)

// TestRecordRsChains drives timestampvm-rs and writes down what it left in the
// node's database: tests/vectors/timestampvm-rs-*.json. It runs when RECORD names
// the folder to write to.
func TestRecordRsChains(t *testing.T) {
	folder := os.Getenv("RECORD")
	if folder == "" {
		t.Skip("RECORD names no folder")
	}
	for name, live := range map[string]func(*recorder){
		"chain":     recordChain,
		"reencoded": recordReencoded,
		"halted":    recordHalted,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecorder(t)
			live(r)
			r.write(filepath.Join(folder, "timestampvm-rs-"+name+".json"))
		})
	}
}

// recordChain is a chain as timestampvm-rs builds it: with data of all sizes, with
// rivals that were rejected, and with blocks that nobody decided.
func recordChain(r *recorder) {
	for height := range 12 {
		r.accept(r.build([]byte{byte(height)}))
	}
	for _, size := range []int{0, 1, 32, 1024, 65_536} {
		r.accept(r.build(pattern(size)))
	}
	for range 4 {
		loser := r.build([]byte("loser"))
		winner := r.build([]byte("winner"))
		r.accept(winner)
		r.reject(loser)
	}
	// It cannot read so large a block again: the next one is built in time.
	large := r.build(pattern(1_048_576))
	r.prefer(large)
	next := r.build([]byte("after the largest"))
	r.accept(large)
	r.accept(next)
	for height := range 8 {
		r.accept(r.build([]byte{byte(height)}))
	}
	undecided := r.build([]byte("undecided"))
	r.prefer(undecided)
	r.build([]byte("undecided, too"))
}

// recordReencoded has a block with a space in it. Its child was built while it was
// processing, which is how the chain could go on.
func recordReencoded(r *recorder) {
	for height := range 4 {
		r.accept(r.build([]byte{byte(height)}))
	}
	spaced := r.spaced()
	r.prefer(spaced)
	next := r.build([]byte("on the space"))
	r.accept(spaced)
	r.accept(next)
	for height := range 3 {
		r.accept(r.build([]byte{byte(height)}))
	}
}

// recordHalted ends with a block with a space in it: what timestampvm-rs builds on
// it has a parent that nobody knows.
func recordHalted(r *recorder) {
	for height := range 4 {
		r.accept(r.build([]byte{byte(height)}))
	}
	r.accept(r.spaced())
	r.propose([]byte("in vain"))
	_, err := r.chain.vm.BuildBlock(r.t.Context(), &vmpb.BuildBlockRequest{})
	if err == nil {
		r.t.Fatal("it built on a block that it cannot name")
	}
	r.Afterwards = err.Error()
}

// recording is what a file of vectors holds.
type recording struct {
	Version    string          `json:"version"`
	Protocol   uint32          `json:"protocol"`
	Genesis    string          `json:"genesis"`
	Entries    []recordedEntry `json:"entries"`
	Blocks     []recordedBlock `json:"blocks"`
	Afterwards string          `json:"afterwards,omitempty"`
}

// recordedEntry is one of the node's database.
type recordedEntry struct {
	Key   string `json:"key"`   // hex
	Value string `json:"value"` // base64 of gzip
}

// recordedBlock is one as consensus saw it.
type recordedBlock struct {
	ID       string `json:"id"`
	Height   uint64 `json:"height"`
	Decision string `json:"decision"` // accepted, rejected or none
	Bytes    string `json:"bytes"`    // base64 of gzip
}

// verified is a block that the peer has verified.
type verified struct {
	*vmpb.ParseBlockResponse
	at int // in the recording
}

type recorder struct {
	t     *testing.T
	chain *chain
	last  verified // accepted
	recording
}

func newRecorder(t *testing.T) *recorder {
	path, err := findPeer()
	if err != nil {
		t.Fatal(err)
	}
	c, err := openChain(t.Context(), path, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	r := &recorder{t: t, chain: c, recording: recording{Protocol: c.protocol, Genesis: genesis}}
	version, err := c.vm.Version(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Version = version.GetVersion()
	return r
}

func (r *recorder) propose(data []byte) {
	_, err := r.chain.call(proposeRequest(data))
	r.must(err)
}

func (r *recorder) build(data []byte) verified {
	r.propose(data)
	built, err := r.chain.vm.BuildBlock(r.t.Context(), &vmpb.BuildBlockRequest{})
	r.must(err)
	return r.verify(built.GetBytes())
}

func (r *recorder) verify(bytes []byte) verified {
	parsed, err := r.chain.vm.ParseBlock(r.t.Context(), &vmpb.ParseBlockRequest{Bytes: bytes})
	r.must(err)
	_, err = r.chain.vm.BlockVerify(r.t.Context(), &vmpb.BlockVerifyRequest{Bytes: bytes})
	r.must(err)
	r.Blocks = append(r.Blocks, recordedBlock{
		ID:       ids.ID(parsed.GetId()).String(),
		Height:   parsed.GetHeight(),
		Decision: "none",
		Bytes:    r.pack(bytes),
	})
	return verified{parsed, len(r.Blocks) - 1}
}

// spaced is a block of another program than timestampvm-rs, on the last accepted
// one: a single space sets it apart.
func (r *recorder) spaced() verified {
	return r.verify(fmt.Appendf(nil, `{ "parent_id":"%s","height":%d,"timestamp":%d,"data":"0x20"}`,
		ids.ID(r.last.GetId()), r.last.GetHeight()+1, r.last.GetTimestamp().GetSeconds()))
}

func (r *recorder) prefer(b verified) {
	_, err := r.chain.vm.SetPreference(r.t.Context(), &vmpb.SetPreferenceRequest{Id: b.GetId()})
	r.must(err)
}

func (r *recorder) accept(b verified) {
	r.prefer(b)
	_, err := r.chain.vm.BlockAccept(r.t.Context(), &vmpb.BlockAcceptRequest{Id: b.GetId()})
	r.must(err)
	r.Blocks[b.at].Decision = "accepted"
	r.last = b
}

func (r *recorder) reject(b verified) {
	_, err := r.chain.vm.BlockReject(r.t.Context(), &vmpb.BlockRejectRequest{Id: b.GetId()})
	r.must(err)
	r.Blocks[b.at].Decision = "rejected"
}

// write ends the peer, and records what it left.
func (r *recorder) write(file string) {
	r.must(r.chain.close())
	entries := r.chain.host.database.NewIterator()
	defer entries.Release()
	for entries.Next() {
		r.Entries = append(r.Entries, recordedEntry{
			Key:   hex.EncodeToString(entries.Key()),
			Value: r.pack(entries.Value()),
		})
	}
	r.must(entries.Error())
	text, err := json.MarshalIndent(r.recording, "", " ")
	r.must(err)
	r.must(os.WriteFile(file, append(text, '\n'), 0o644))
}

func (r *recorder) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *recorder) pack(value []byte) string {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	r.must(err)
	_, err = w.Write(value)
	r.must(err)
	r.must(w.Close())
	return base64.StdEncoding.EncodeToString(packed.Bytes())
}

// pattern makes data of which every byte tells its place, and which packs well.
func pattern(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i + i>>8)
	}
	return data
}
