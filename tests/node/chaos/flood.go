package chaos

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ava-labs/avalanchego/ids"

	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"
)

const (
	// messageBytes is what a node lets in of a peer at once.
	messageBytes = 2 << 20
	gossipItems  = 256 // that a plugin takes in of a message
	// floodPause is how long the chain has to make blocks of a flood before the next.
	floodPause = 5 * time.Second
)

// flood is what peers send in one go.
type flood struct {
	name     string
	peers    int // messages come from so many node ids in turn
	messages int
	message  func(random *rand.Rand, i int) []byte
	items    int // for which blocks will be made
}

var floods = []flood{
	{"noise", 50, 200, func(random *rand.Rand, _ int) []byte {
		fraction := random.Float64()
		return noise(random, int(fraction*fraction*fraction*messageBytes))
	}, 0},
	{"gossip by 500 peers", 500, 500, func(random *rand.Rand, _ int) []byte { return gossipOf(noise(random, 20)) }, 500},
	{"large messages of two peers", 2, 4, func(random *rand.Rand, _ int) []byte {
		items := make([][]byte, gossipItems)
		for i := range items {
			items[i] = noise(random, 1+random.IntN(160))
		}
		return gossipOf(items...)
	}, 4 * gossipItems},
	{"the same from 1,000 peers", 1_000, 2_000, func(*rand.Rand, int) []byte { return gossipOf([]byte("the same")) }, 1},
	{"the largest data", 3, 3, func(random *rand.Rand, _ int) []byte { return gossipOf(noise(random, 1_000_000)) }, 3},
	{"more than anybody takes", 3, 10, func(random *rand.Rand, _ int) []byte {
		items := make([][]byte, 10*gossipItems)
		return gossipOf(items...)
	}, 1},
	{"gossip that is cut short", 20, 200, func(random *rand.Rand, _ int) []byte {
		whole := gossipOf(noise(random, 30), noise(random, 3))
		return whole[:random.IntN(len(whole))]
	}, 200},
}

// flood sends one flood to all plugins, as their nodes would pass it on, and waits until blocks have taken it in.
func (s *siege) flood(ctx context.Context, random *rand.Rand) {
	one := floods[random.IntN(len(floods))]
	s.say("flood: %s", one.name)
	height := s.picture.Height()
	for i := range one.messages {
		message := one.message(random, i)
		for victim, vm := range s.vms {
			if err := send(ctx, vm, one, i, message); err != nil && ctx.Err() == nil {
				s.violate("a peer has caused an error at node %d, which ends the chain there: %s: %s", victim+1, one.name, err)
				return
			}
		}
	}
	s.did(func(deeds *Deeds) { deeds.Floods++ })
	for began := s.now(); s.now()-began < floodPause && s.picture.Height() < height+uint64(one.items); {
		if !sleep(ctx, 200*time.Millisecond) {
			return
		}
	}
}

// send sends most messages as gossip, and some in answer to nothing or to be answered.
func send(ctx context.Context, vm vmpb.VMClient, one flood, i int, message []byte) (err error) {
	peer := binary.BigEndian.AppendUint32(make([]byte, ids.NodeIDLen-4), uint32(i%one.peers))
	deadline := timestamppb.New(time.Now().Add(time.Minute))
	switch {
	case i%10 != 9:
		_, err = vm.AppGossip(ctx, &vmpb.AppGossipMsg{NodeId: peer, Msg: message})
	case i%20 == 9:
		_, err = vm.AppRequest(ctx,
			&vmpb.AppRequestMsg{NodeId: peer, RequestId: uint32(i), Request: message, Deadline: deadline})
	default:
		_, err = vm.AppResponse(ctx, &vmpb.AppResponseMsg{NodeId: peer, RequestId: uint32(i), Response: message})
	}
	return err
}

// gossipOf is a ProposalGossip.
func gossipOf(items ...[]byte) []byte {
	message := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 1)
	for _, item := range items {
		message = protowire.AppendBytes(protowire.AppendTag(message, 2, protowire.BytesType), item)
	}
	return message
}

func noise(random *rand.Rand, size int) []byte {
	bytes := make([]byte, size)
	for i := range bytes {
		bytes[i] = byte(random.Uint32())
	}
	return bytes
}
