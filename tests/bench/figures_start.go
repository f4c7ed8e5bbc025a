package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/emptypb"

	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"
)

const (
	startRuns = 7

	// protocolVariable names the protocol to our VM, which asks the node otherwise.
	protocolVariable = "GRPC_TIMESTAMPVM_PROTOCOL"
)

// start measures how soon a VM is there: as a file, a process and a chain.
func (b *bench) start() error {
	handshake, initialize := map[string]samples{}, map[string]samples{}
	size := map[string]value{}
	for run := range startRuns {
		err := b.eachInTurn(run, func(c contender) error {
			chain, err := b.open(c, fmt.Sprintf("start-%d", run))
			if err != nil {
				return err
			}
			handshake[c.column] = append(handshake[c.column], chain.handshake)
			initialize[c.column] = append(initialize[c.column], chain.initialize)
			return chain.close()
		})
		if err != nil {
			return err
		}
	}
	for _, c := range b.contenders {
		info, err := os.Stat(c.path)
		if err != nil {
			return err
		}
		size[c.column] = value{Value: float64(info.Size()) / 1e6}
	}
	b.report.add("binary", "MB", noGoal, size)
	b.report.add("exec to handshake, median (range)", "ms", below(60), spread(handshake))
	if err := b.startTold(); err != nil {
		return err
	}
	b.report.add("Initialize of a new chain, median (range)", "ms", twentiethPeer, spread(initialize))
	return nil
}

// startTold measures what it costs to ask the node for its protocol, which only our VM does: in time, and in memory that
// is still held when the answer is there.
func (b *bench) startTold() error {
	ways := map[string]string{"told": "45", "asks": ""}
	handshake, resident := map[string]samples{}, map[string][]float64{}
	for range startRuns {
		for way, protocol := range ways {
			for _, c := range b.contenders {
				if c.column != ours {
					continue
				}
				if err := forgetProtocol(); err != nil {
					return err
				}
				p, err := startPlugin(b.ctx, c.path, protocolVariable+"="+protocol)
				if err != nil {
					return err
				}
				bytes, err := residentBytes(p.cmd.Process.Pid)
				p.stop()
				if err != nil {
					return err
				}
				handshake[way] = append(handshake[way], p.handshake)
				resident[way] = append(resident[way], float64(bytes)/1e6)
			}
		}
	}
	times := spread(handshake)
	memory := map[string]float64{}
	for way, values := range resident {
		slices.Sort(values)
		memory[way] = values[len(values)/2]
	}
	column := func(v value) map[string]value { return map[string]value{ours: v} }
	b.report.add("  told the protocol by the operator", "ms", below(60), column(times["told"]))
	b.report.add("  asking the node, as the first process does", "ms", below(400), column(times["asks"]))
	b.report.add("RSS at the handshake, told the protocol", "MB", noGoal, column(value{Value: memory["told"]}))
	b.report.add("  having asked the node", "MB", noGoal, column(value{Value: memory["asks"]}))
	return nil
}

// forgetProtocol removes what our VM noted about this process, which a process that it starts next would read.
func forgetProtocol() error {
	notes, err := filepath.Glob(fmt.Sprintf("/tmp/timestampvm-protocol-%d-*", os.Getpid()))
	for _, note := range notes {
		err = errors.Join(err, os.Remove(note))
	}
	return err
}

func spread(times map[string]samples) map[string]value {
	values := map[string]value{}
	for column, s := range times {
		values[column] = value{
			Value: microseconds(s.percentile(50)) / 1000,
			Min:   microseconds(s.percentile(0)) / 1000,
			Max:   microseconds(s.percentile(100)) / 1000,
		}
	}
	return values
}

// identify asks a VM for its version, as a node does before it makes a chain.
func (b *bench) identify(c contender) (version string, protocol uint32, err error) {
	p, err := startPlugin(b.ctx, c.path)
	if err != nil {
		return "", 0, err
	}
	defer p.stop()
	conn, err := dial(p.addr)
	if err != nil {
		return "", 0, err
	}
	defer conn.Close()
	vm := vmpb.NewVMClient(conn)
	reply, err := vm.Version(p.alive, &emptypb.Empty{})
	if err != nil {
		return "", 0, err
	}
	_, err = vm.Shutdown(p.alive, &emptypb.Empty{})
	return reply.GetVersion(), p.protocol, err
}

// open starts a new chain of a contender.
func (b *bench) open(c contender, name string) (*chain, error) {
	dir := filepath.Join(b.dir, name+"-"+c.column)
	chain, err := openChain(b.ctx, c.path, dir)
	// The peer finds a free port, lets it go, and takes it again when it may be
	// another's: that is no reason to end the run.
	for try := 1; c.column == peer && err != nil && try < 5 && b.ctx.Err() == nil; try++ {
		progress("the peer did not start, once more: %v", err)
		chain, err = openChain(b.ctx, c.path, dir)
	}
	return chain, err
}

// openAll starts a chain of every contender, by column. The chains that are there
// must be closed also when another failed to start.
func (b *bench) openAll(name string) (map[string]*chain, error) {
	chains := map[string]*chain{}
	for _, c := range b.contenders {
		chain, err := b.open(c, name)
		if err != nil {
			closeAll(chains)
			return nil, err
		}
		chains[c.column] = chain
	}
	return chains, nil
}

func closeAll(chains map[string]*chain) error {
	var first error
	for _, chain := range chains {
		if err := chain.close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// eachInTurn does something with every contender, the other one first each time,
// so that what else the machine does falls on both alike.
func (b *bench) eachInTurn(round int, do func(contender) error) error {
	for i := range b.contenders {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		c := b.contenders[(i+round)%len(b.contenders)]
		if err := do(c); err != nil {
			return fmt.Errorf("%s: %w", c.column, err)
		}
	}
	return nil
}

// usedCPU is the processor time that a process spends while something is done.
func usedCPU(pid int, do func() error) (time.Duration, error) {
	before, err := cpuTime(pid)
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := cpuTime(pid)
	return after - before, err
}
