package chaos

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"

	"github.com/timestampvm/timestampvm/tests/attack"
	"github.com/timestampvm/timestampvm/tests/node/internal/stall"
	"github.com/timestampvm/timestampvm/tests/node/internal/vmaddress"
	"github.com/timestampvm/timestampvm/tests/node/network"
)

// SiegeConfig says what RunSiege does.
type SiegeConfig struct {
	AvalancheGo string // path of the node's executable
	Breakable   string // path of the plugin's executable, whose clients' thread SIGUSR2 breaks
	Seed        uint64
	Nodes       int
	Duration    time.Duration
	Stall       time.Duration // of each disk that stalls; none does if 0
	Load        Load
	Out         io.Writer // a line for each thing that is done
}

// SiegeReport is all there is to say about a siege.
type SiegeReport struct {
	Report
	Deeds    Deeds
	Measured Measured
}

// Deeds count what was done.
type Deeds struct {
	Attacks int // by HTTP clients, each of many requests
	Floods  int // of messages by peers
	Broken  int // clients' threads
	Stalls  int
}

// siege is a network whose processes nobody touches: whatever strangers send, each is to live and keep its word.
type siege struct {
	field
	config SiegeConfig
	disk   stall.Disk
	// Of each node:
	plugins   []int
	addresses []string // where they serve consensus
	vms       []vmpb.VMClient
	chain     attack.Chain
	meter     meter
	stalled   atomic.Int64 // the node whose disk stalls; -1 while none does

	lock  sync.Mutex
	deeds Deeds
	taken map[Digest]bool // what strangers proposed and the chain took
}

// RunSiege lets strangers attack a real network by HTTP and as peers, breaks its clients' threads and lets its disks
// stall, all at once. The error says that the run itself could not go on; whether promises were kept is in the report.
func RunSiege(ctx context.Context, c SiegeConfig) (report SiegeReport, err error) {
	folder, err := os.MkdirTemp("", "timestampvm-siege-")
	if err != nil {
		return SiegeReport{}, err
	}
	defer os.RemoveAll(folder)
	s := &siege{config: c, taken: map[Digest]bool{}}
	s.stalled.Store(-1)
	running, err := s.start(ctx, folder)
	if err != nil {
		return SiegeReport{}, err
	}
	defer func() { err = stop(running, c.Out, report.Failed(), err) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.field, err = newField(ctx, running, c.Out, cancel); err != nil {
		return SiegeReport{}, err
	}
	s.strangers = true
	report.Report, err = s.report(c.Seed, s.torment(ctx, c.Load, c.Seed, s.besiege))
	report.Deeds, report.Measured = s.deeds, s.meter.measured
	return report, err
}

func (s *siege) start(ctx context.Context, folder string) (*network.Network, error) {
	vm, err := network.TimestampVM(s.config.Breakable, "siege")
	if err != nil {
		return nil, err
	}
	if s.config.Stall > 0 {
		if s.disk, err = stall.New(folder); err != nil {
			return nil, err
		}
		vm.Script = s.disk.Script()
	}
	c := network.Of(s.config.Nodes, s.config.AvalancheGo, vm)
	c.Flags = network.LargeBlocksQuickly
	// One of each database that a node can have on a disk.
	c.FlagsOf = map[int]map[string]string{0: {"db-type": "pebbledb"}}
	return network.Start(ctx, c)
}

// besiege returns when all is over and the chain has taken in what is left of it.
func (s *siege) besiege(ctx context.Context) error {
	if err := s.findPlugins(ctx); err != nil {
		return err
	}
	if err := s.makeLarge(ctx); err != nil {
		return err
	}
	stopMeter, err := s.measure(ctx)
	if err != nil {
		return err
	}
	s.doAll(ctx)
	s.say("the siege is over")
	if err := s.await(ctx, s.carriesTaken); err != nil {
		return err
	}
	stopMeter()
	if !s.carriesTaken() {
		s.violate("some of the %d proposals of strangers that were acknowledged are in no block", len(s.taken))
	}
	return s.checkAlive()
}

func (s *siege) findPlugins(ctx context.Context) error {
	for _, node := range s.nodes {
		pids, err := node.PluginPIDs()
		if err != nil || len(pids) != 1 {
			return errors.Join(err, fmt.Errorf("node %s has the plugins %v", node.ID(), pids))
		}
		address, err := vmaddress.Of(ctx, pids[0])
		if err != nil {
			return err
		}
		connection, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return err
		}
		s.plugins = append(s.plugins, pids[0])
		s.addresses = append(s.addresses, address)
		s.vms = append(s.vms, vmpb.NewVMClient(connection))
	}
	return nil
}

// doAll does everything at once until the time is over, and what takes longer to its end.
func (s *siege) doAll(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx) // without a deadline, which calls would fail of before the context has ended
	defer stop()
	defer time.AfterFunc(s.config.Duration, stop).Stop()
	var all sync.WaitGroup
	for i, deed := range []func(context.Context, *rand.Rand){s.attack, s.attack, s.flood, s.breakThread, s.stallDisk} {
		all.Go(func() {
			random := rand.New(rand.NewPCG(s.config.Seed, uint64(i)<<32))
			for ctx.Err() == nil {
				deed(ctx, random)
			}
		})
	}
	all.Wait()
}

// makeLarge makes the blocks that are dear to read, and that attackers ask for.
func (s *siege) makeLarge(ctx context.Context) error {
	for i := range attack.LargeBlocks {
		data := binary.BigEndian.AppendUint64(make([]byte, attack.LargeData-8), uint64(i))
		s.history.Claim(data)
		d := s.doors[i%len(s.doors)]
		if err := d.client.ProposeBlock(ctx, data); err != nil {
			return fmt.Errorf("proposing a large block: %w", err)
		}
		s.history.Record(DigestOf(data), Attempt{Node: d.node, At: s.now()})
	}
	if err := s.await(ctx, func() bool { return s.picture.Height() >= attack.LargeBlocks }); err != nil {
		return err
	}
	links := s.picture.Links()
	last := links[len(links)-1]
	s.chain = attack.Chain{Early: links[1].ID.String(), Late: last.ID.String(), Large: last.Height}
	s.say("%d large blocks are made", attack.LargeBlocks)
	return nil
}

// carriesTaken says whether all is in a block that the chain took of strangers.
func (s *siege) carriesTaken() bool {
	s.lock.Lock()
	taken := slices.Collect(maps.Keys(s.taken))
	s.lock.Unlock()
	return !slices.ContainsFunc(taken, func(digest Digest) bool { return !s.picture.Carries(digest) })
}

// checkAlive requires that no plugin and no chain has ended.
func (s *siege) checkAlive() error {
	for i, node := range s.nodes {
		pids, err := node.PluginPIDs()
		if err != nil {
			return err
		}
		if !slices.Equal(pids, s.plugins[i:i+1]) {
			s.violate("node %d had the plugin %d, and has %v", i+1, s.plugins[i], pids)
		}
		lines, err := linesOfLogs(node.Dir(), []string{"] FATAL "})
		if err != nil {
			return err
		}
		for _, line := range lines {
			s.violate("node %d wrote: %s", i+1, line)
		}
	}
	return nil
}

func (s *siege) did(count func(*Deeds)) {
	s.lock.Lock()
	defer s.lock.Unlock()
	count(&s.deeds)
}
