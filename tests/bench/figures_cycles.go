package main

import (
	"fmt"
	"time"
)

const cycleRounds = 9

// cycleSize is a size of data, how many blocks of it make one round, and the goal
// for the bytes that are stored for each byte of such a block.
type cycleSize struct {
	name   string
	bytes  int
	blocks int
	stored float64
}

var cycleSizes = []cycleSize{
	{"32 B", 32, 700, 0.8},
	{"1 KiB", 1024, 500, 0.6},
	{"64 KiB", 64 * 1024, 30, 0.6},
	{"1 MB", 1_000_000, 4, 0.6},
}

// cycles measures proposing, building, verifying, preferring and accepting one
// block after another, and what the blocks then take up.
func (b *bench) cycles() error {
	for _, size := range cycleSizes {
		if err := b.cyclesOf(size); err != nil {
			return fmt.Errorf("%s: %w", size.name, err)
		}
	}
	return nil
}

func (b *bench) cyclesOf(size cycleSize) error {
	progress("cycles of %s", size.name)
	chains, err := b.openAll(fmt.Sprintf("cycles-%d", size.bytes))
	if err != nil {
		return err
	}
	defer func() { closeAll(chains) }()

	measured := map[string]*cycleFigures{}
	for _, c := range b.contenders {
		measured[c.column] = &cycleFigures{}
	}
	// The first round warms up and is forgotten.
	for round := range cycleRounds + 1 {
		proposals := b.stamps.proposals(size.blocks, size.bytes)
		err := b.eachInTurn(round, func(c contender) error {
			chain, figures := chains[c.column], measured[c.column]
			if figures == nil {
				return nil
			}
			err := figures.round(chain, proposals)
			if err != nil && c.column == peer && b.ctx.Err() == nil {
				// What the peer cannot do is a finding, not the end of the run.
				b.report.note("The peer stopped at block %d of %s: %v.", chain.height, size.name, err)
				delete(measured, c.column)
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
		if round == 0 {
			for column := range measured {
				measured[column] = &cycleFigures{}
			}
		}
	}
	for column, figures := range measured {
		chain := chains[column]
		figures.writes = float64(chain.host.writes.Load()) / float64(chain.height+1)
		delete(chains, column)
		if err := chain.close(); err != nil {
			return err
		}
		stored, err := chain.storedBytes()
		if err != nil {
			return err
		}
		figures.stored = float64(stored) / float64(chain.blockBytes)
	}
	b.reportCycles(size, measured)
	return nil
}

// cycleFigures is what was measured of one VM with one size of data.
type cycleFigures struct {
	times  cycleTimes
	rates  []float64
	blocks int
	cpu    time.Duration // over all of them
	writes float64       // to the node's database, per block
	stored float64       // bytes per block byte
}

func (f *cycleFigures) round(chain *chain, proposals []request) error {
	started := time.Now()
	used, err := usedCPU(chain.cmd.Process.Pid, func() error {
		for _, proposal := range proposals {
			if err := chain.cycle(proposal, &f.times); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	f.rates = append(f.rates, float64(len(proposals))/time.Since(started).Seconds())
	f.blocks += len(proposals)
	f.cpu += used
	return nil
}

func (b *bench) reportCycles(size cycleSize, measured map[string]*cycleFigures) {
	add := func(figure, unit string, g goal, of func(*cycleFigures) value) {
		values := map[string]value{}
		for column, figures := range measured {
			values[column] = of(figures)
		}
		b.report.add(figure, unit, g, values)
	}
	add("propose+build+verify+prefer+accept, "+size.name, "cycles/s", atLeastPeer,
		func(f *cycleFigures) value { return value{Value: median(f.rates)} })
	add("stored bytes per block byte, "+size.name, "", atMost(size.stored),
		func(f *cycleFigures) value { return value{Value: f.stored} })
	add("CPU per cycle, "+size.name, "µs", noGoal,
		func(f *cycleFigures) value { return value{Value: microseconds(f.cpu) / float64(f.blocks)} })
	add("  propose p50 / p99", "µs", noGoal, func(f *cycleFigures) value { return f.times.propose.p50p99() })
	add("  build p50 / p99", "µs", noGoal, func(f *cycleFigures) value { return f.times.build.p50p99() })
	add("  verify p50 / p99", "µs", noGoal, func(f *cycleFigures) value { return f.times.verify.p50p99() })
	add("  prefer p50 / p99", "µs", noGoal, func(f *cycleFigures) value { return f.times.prefer.p50p99() })
	add("  accept p50 / p99", "µs", noGoal, func(f *cycleFigures) value { return f.times.accept.p50p99() })
	add("  writes to the node's database per block", "", noGoal, func(f *cycleFigures) value { return value{Value: f.writes} })
}
