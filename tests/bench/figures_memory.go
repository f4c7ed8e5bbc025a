package main

import (
	"fmt"
	"strings"
)

const (
	memoryCalls  = 100_000
	memoryBlocks = 20_000
	longBlocks   = 100_000

	// What a process needs once is not growth: memory counts from here on.
	warmUpCalls  = 20_000
	warmUpBlocks = 2_000

	memorySteps = 10

	// The old and the new end of the chain, for getBlock.
	endBlocks  = 100
	endRounds  = 20
	endGetters = 500

	// timerNoise is what two medians of the same calls may differ by.
	timerNoise = 0.03
)

// memory measures whether a VM stays the size it has, over many calls and many
// blocks, and whether a block is found as fast in a tall chain.
func (b *bench) memory() error {
	columns := map[string]*memoryFigures{}
	for _, c := range b.contenders {
		figures, err := b.memoryOf(c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.column, err)
		}
		columns[c.column] = figures
	}
	values := func(of func(*memoryFigures) float64) map[string]value {
		m := map[string]value{}
		for column, figures := range columns {
			m[column] = value{Value: of(figures)}
		}
		return m
	}
	blocks := b.tallChain()
	b.report.add("RSS at start", "MB", noGoal, values(func(f *memoryFigures) float64 { return f.start }))
	b.report.add("RSS when warm", "MB", noGoal, values(func(f *memoryFigures) float64 { return f.warm }))
	b.report.add(fmt.Sprintf("  change over %d calls", memoryCalls), "MB", within(5),
		values(func(f *memoryFigures) float64 { return settled(f.calls) - f.warm }))
	b.report.add(fmt.Sprintf("  change over %d blocks", blocks), "MB", within(5),
		values(func(f *memoryFigures) float64 { return settled(f.blocks) - settled(f.calls) }))
	b.report.add(fmt.Sprintf("getBlock p50 at height %d", endBlocks), "µs", noGoal,
		values(func(f *memoryFigures) float64 { return microseconds(f.low.percentile(50)) }))
	b.report.add(fmt.Sprintf("getBlock p50 at height %d", blocks), "µs", noGoal,
		values(func(f *memoryFigures) float64 { return microseconds(f.high.percentile(50)) }))
	b.report.add("  high / low", "", atMost(1+timerNoise), values(func(f *memoryFigures) float64 {
		return float64(f.high.percentile(50)) / float64(f.low.percentile(50))
	}))
	for _, c := range b.contenders {
		f := columns[c.column]
		b.report.note("RSS of %s in MB: %s at start, %s when warm (%d calls, %d blocks), then over %d calls %s, then over %d blocks %s.",
			c.column, number(f.start), number(f.warm), warmUpCalls, warmUpBlocks,
			memoryCalls, numbers(f.calls), blocks, numbers(f.blocks))
	}
	return nil
}

// settled is the level that a trajectory came to: memory that a collector frees
// now and then goes up and down around it.
func settled(trajectory []float64) float64 {
	return median(trajectory[len(trajectory)/2:])
}

func (b *bench) tallChain() int {
	if b.long {
		return longBlocks
	}
	return memoryBlocks
}

// memoryFigures are the resident megabytes of one VM, in the order in which they
// were read, and getBlock at both ends of the chain.
type memoryFigures struct {
	start, warm   float64
	calls, blocks []float64
	low, high     samples
}

func (b *bench) memoryOf(c contender) (f *memoryFigures, err error) {
	chain, err := b.open(c, "memory")
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := chain.close(); err == nil {
			err = closeErr
		}
	}()
	f = &memoryFigures{}
	if f.start, err = chain.residentMegabytes(); err != nil {
		return nil, err
	}

	low, err := b.grow(chain, warmUpBlocks)
	if err != nil {
		return nil, err
	}
	low = low[endBlocks-1 : 2*endBlocks-1] // heights 100 to 199
	mixed := func(i int) error {
		method := readMethods[i%len(readMethods)]
		_, err := chain.call(method.request(low, i/len(readMethods)))
		return err
	}
	if _, err := together(warmUpCalls, mixed); err != nil {
		return nil, err
	}
	if f.warm, err = chain.residentMegabytes(); err != nil {
		return nil, err
	}

	progress("memory of %s: %d calls", c.column, memoryCalls)
	f.calls, err = trajectory(chain, memoryCalls, func(count int) error {
		_, err := together(count, mixed)
		return err
	})
	if err != nil {
		return nil, err
	}
	blocks := b.tallChain() - warmUpBlocks
	progress("memory of %s: %d blocks", c.column, blocks)
	var high []request
	f.blocks, err = trajectory(chain, blocks, func(count int) error {
		grown, err := b.grow(chain, count)
		high = grown[max(0, len(grown)-endBlocks):]
		return err
	})
	if err != nil {
		return nil, err
	}

	for range endRounds {
		for _, end := range []struct {
			getBlocks []request
			times     *samples
		}{{low, &f.low}, {high, &f.high}} {
			times, err := sequentially(endGetters, func(i int) error {
				_, err := chain.call(end.getBlocks[i%len(end.getBlocks)])
				return err
			})
			if err != nil {
				return nil, err
			}
			*end.times = append(*end.times, times...)
		}
	}
	return f, nil
}

// trajectory does something so many times and reads the memory on the way.
func trajectory(chain *chain, count int, do func(count int) error) ([]float64, error) {
	var read []float64
	for range memorySteps {
		if err := do(count / memorySteps); err != nil {
			return nil, err
		}
		megabytes, err := chain.residentMegabytes()
		if err != nil {
			return nil, err
		}
		read = append(read, megabytes)
	}
	return read, nil
}

func (c *chain) residentMegabytes() (float64, error) {
	bytes, err := residentBytes(c.cmd.Process.Pid)
	return float64(bytes) / 1e6, err
}

func numbers(values []float64) string {
	var texts []string
	for _, v := range values {
		texts = append(texts, number(v))
	}
	return strings.Join(texts, " ")
}
