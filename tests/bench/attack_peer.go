package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/ava-labs/avalanchego/ids"
	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"

	"github.com/timestampvm/timestampvm/tests/attack"
)

const (
	hostileBytes = 2 << 20 // a node lets no larger message in
	hostileEach  = 5

	gossipItems    = 256
	gossipToFill   = 60 // messages, more than any room for gossip takes
	gossipMessages = 500

	losers      = 99_999
	healthAfter = 2_000 // calls, for work that an accept has left for later
)

// hostileBlocks are blocks whose form is dear to read. The number makes each another one.
var hostileBlocks = []struct {
	name  string
	bytes func(parent ids.ID, number int) string
}{
	{"2 MiB of spaces in parent_id", func(parent ids.ID, number int) string {
		return blockText(strings.Repeat(" ", hostileBytes)+parent.String(), number, "")
	}},
	{"2 MiB of unknown keys", func(parent ids.ID, number int) string {
		return blockText(parent.String(), number, repeated(`,"a":1`))
	}},
	{"2 MiB of nested lists", func(parent ids.ID, number int) string {
		const depth = 100
		list := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		return blockText(parent.String(), number, `,"a":[0`+repeated(","+list)+"]")
	}},
}

// attackAsPeer measures what blocks and gossip of peers do to a plugin.
func (b *bench) attackAsPeer(out io.Writer) error {
	fmt.Fprintln(out, "\n| from a peer | ms each, median | PING max ms | VmHWM MiB | CPU ms each | answer |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|")
	var failed error
	for i, hostile := range hostileBlocks {
		failed = errors.Join(failed, b.peerRow(out, fmt.Sprintf("block-%d", i), func(c *chain) ([]peerFigures, error) {
			return c.readHostile(hostile.name, hostile.bytes)
		}))
	}
	return errors.Join(failed, b.peerRow(out, "gossip", (*chain).gossipInVain), b.peerRow(out, "losers", (*chain).acceptAgainstLosers))
}

// peerFigures are what one kind of call of a node took, for what came from a peer.
type peerFigures struct {
	name   string
	took   samples
	cpu    time.Duration // over all calls
	answer string
	pings  samples
}

// peerRow lets something happen to a new plugin, and prints a row for each kind of call.
func (b *bench) peerRow(out io.Writer, name string, happen func(*chain) ([]peerFigures, error)) error {
	progress("attack of a peer: %s", name)
	chain, err := b.open(b.contenders[0], "attack-"+name)
	if err != nil {
		return err
	}
	defer chain.close()
	figures, err := happen(chain)
	if err != nil {
		return err
	}
	peak, err := peakBytes(chain.cmd.Process.Pid)
	if err != nil {
		return err
	}
	for _, f := range figures {
		cpuEach := microseconds(f.cpu) / 1000 / float64(len(f.took))
		fmt.Fprintf(out, "| %s | %s | %s | %.0f | %s | %s |\n", f.name, milliseconds(f.took.percentile(50)),
			milliseconds(f.pings.percentile(100)), float64(peak)/(1<<20), number(cpuEach), f.answer)
	}
	return nil
}

// timed makes the calls one after the other, with PINGs at the same time.
func (c *chain) timed(name string, count int, call func(i int) error) (f peerFigures, err error) {
	pings, err := attack.StartPings(c.addr, pingEvery)
	if err != nil {
		return f, err
	}
	f.name, f.answer = name, "OK"
	f.cpu, err = usedCPU(c.cmd.Process.Pid, func() error {
		for i := range count {
			started := time.Now()
			if err := call(i); err != nil {
				f.answer = fmt.Sprintf("%.100s", err)
			}
			f.took.since(started)
		}
		return nil
	})
	if err != nil {
		return f, err
	}
	f.pings, err = pings.Stop(backlogTime)
	return f, err
}

func (c *chain) readHostile(name string, bytes func(parent ids.ID, number int) string) ([]peerFigures, error) {
	parent, err := c.lastAccepted()
	if err != nil {
		return nil, err
	}
	blocks := make([][]byte, hostileEach)
	for i := range blocks {
		blocks[i] = []byte(bytes(parent, i))
	}
	parsing, err := c.timed("ParseBlock: "+name, hostileEach, func(i int) error {
		_, err := c.vm.ParseBlock(c.alive, &vmpb.ParseBlockRequest{Bytes: blocks[i]})
		return err
	})
	if err != nil {
		return nil, err
	}
	verifying, err := c.timed("BlockVerify: "+name, hostileEach, func(i int) error {
		_, err := c.vm.BlockVerify(c.alive, &vmpb.BlockVerifyRequest{Bytes: blocks[i]})
		return err
	})
	return []peerFigures{parsing, verifying}, err
}

// gossipInVain sends gossip of new proposals when there is no room for more of it.
func (c *chain) gossipInVain() ([]peerFigures, error) {
	message := func(i int) *vmpb.AppGossipMsg {
		return &vmpb.AppGossipMsg{NodeId: make([]byte, ids.NodeIDLen), Msg: gossipMessage(i)}
	}
	for i := range gossipToFill {
		if _, err := c.vm.AppGossip(c.alive, message(i)); err != nil {
			return nil, c.failed("AppGossip", err)
		}
	}
	name := fmt.Sprintf("AppGossip: %d items in %d bytes, for which there is no room", gossipItems, len(gossipMessage(0)))
	figures, err := c.timed(name, gossipMessages, func(i int) error {
		_, err := c.vm.AppGossip(c.alive, message(gossipToFill+i))
		return err
	})
	return []peerFigures{figures}, err
}

// gossipMessage is a ProposalGossip of items of three bytes.
func gossipMessage(number int) []byte {
	message := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 1)
	for i := range gossipItems {
		item := binary.BigEndian.AppendUint32(nil, uint32(number*gossipItems+i))[1:]
		message = protowire.AppendBytes(protowire.AppendTag(message, 2, protowire.BytesType), item)
	}
	return message
}

// acceptAgainstLosers accepts one block when so many others of its height are verified.
func (c *chain) acceptAgainstLosers() ([]peerFigures, error) {
	parent, err := c.lastAccepted()
	if err != nil {
		return nil, err
	}
	started := time.Now()
	winner, verified, err := c.verifyRivals(parent)
	if err != nil {
		return nil, err
	}
	progress("%d rivals verified after %s", verified, time.Since(started).Round(time.Second))
	name := fmt.Sprintf("BlockAccept: against %d losers", verified-1)
	accept, err := c.timed(name, 1, func(int) error {
		_, err := c.vm.BlockAccept(c.alive, &vmpb.BlockAcceptRequest{Id: winner})
		return err
	})
	if err != nil {
		return nil, err
	}
	after, err := c.timed("Health: right after that, again and again", healthAfter, func(int) error {
		_, err := c.vm.Health(c.alive, &emptypb.Empty{})
		return err
	})
	return []peerFigures{accept, after}, err
}

// verifyRivals verifies blocks of one height, as many as the plugin takes, and gives the id of the first.
func (c *chain) verifyRivals(parent ids.ID) (first []byte, verified int64, err error) {
	block := func(i int) []byte { return []byte(blockText(parent.String(), i, "")) }
	winner := block(0)
	if _, err := c.vm.BlockVerify(c.alive, &vmpb.BlockVerifyRequest{Bytes: winner}); err != nil {
		return nil, 0, c.failed("BlockVerify", err)
	}
	var (
		next, taken atomic.Int64
		group       sync.WaitGroup
	)
	for range callers {
		group.Go(func() {
			for i := next.Add(1); i <= losers; i = next.Add(1) {
				if _, err := c.vm.BlockVerify(c.alive, &vmpb.BlockVerifyRequest{Bytes: block(int(i))}); err == nil {
					taken.Add(1)
				}
			}
		})
	}
	group.Wait()
	id := sha256.Sum256(winner)
	return id[:], taken.Load() + 1, nil
}

func (c *chain) lastAccepted() (ids.ID, error) {
	reply, err := c.vm.SetState(c.alive, &vmpb.SetStateRequest{State: vmpb.State_STATE_NORMAL_OP})
	if err != nil {
		return ids.Empty, c.failed("SetState", err)
	}
	return ids.ToID(reply.GetLastAcceptedId())
}

// blockText is a block of height 1 that is valid but for its form.
func blockText(parent string, number int, more string) string {
	return fmt.Sprintf(`{"parent_id":"%s","height":1,"timestamp":%d,"data":"0x%08x"%s}`, parent, time.Now().Unix(), number, more)
}

// repeated fills what a node lets in.
func repeated(text string) string {
	return strings.Repeat(text, hostileBytes/len(text)-1)
}
