package main

import (
	"fmt"
	"time"
)

const (
	rpcBlocks  = 200
	rpcWarmUps = 6000
	stampBytes = 32
)

// effort is how often something is called: in each round first one by one, then
// from all callers at once.
type effort struct {
	rounds, single, many int
}

var (
	reading = effort{rounds: 9, single: 500, many: 4000}
	// Proposals stay in the mempool until blocks are built of them, which is done
	// after each round and not measured.
	proposing = effort{rounds: 5, single: 150, many: 1000}
)

// rpcMethod is a JSON-RPC method under load.
type rpcMethod struct {
	name     string
	goal     goal // for the median of single calls
	proposes bool
	// request is the i-th call to a chain, given a getBlock for each of its blocks.
	request func(getBlocks []request, i int) request
}

var readMethods = []rpcMethod{
	{name: "ping", request: func([]request, int) request { return pingRequest }},
	{name: "lastAccepted", goal: atMostPeer, request: func([]request, int) request { return lastAcceptedRequest }},
	{name: "getBlock", goal: atMostPeer, request: func(getBlocks []request, i int) request { return getBlocks[i%len(getBlocks)] }},
}

// rpcTimes is what was measured of one method of one VM.
type rpcTimes struct {
	single samples
	rates  []float64
	calls  int
	cpu    time.Duration // over all of them
}

// rpc measures JSON-RPC, one caller at a time and many at once.
func (b *bench) rpc() (err error) {
	chains, err := b.openAll("rpc")
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := closeAll(chains); err == nil {
			err = closeErr
		}
	}()

	getBlocks := map[string][]request{}
	for _, c := range b.contenders {
		if getBlocks[c.column], err = b.grow(chains[c.column], rpcBlocks); err != nil {
			return err
		}
		// Both have seen each method often before it counts.
		for _, method := range readMethods {
			if _, err := together(rpcWarmUps, func(i int) error {
				_, err := chains[c.column].call(method.request(getBlocks[c.column], i))
				return err
			}); err != nil {
				return err
			}
		}
	}

	for _, method := range append(readMethods, rpcMethod{name: "proposeBlock", proposes: true}) {
		progress("rpc %s", method.name)
		times := map[string]*rpcTimes{}
		for _, c := range b.contenders {
			times[c.column] = &rpcTimes{}
		}
		effort := reading
		if method.proposes {
			effort = proposing
		}
		for round := range effort.rounds {
			nth := method.request
			if method.proposes {
				proposals := b.stamps.proposals(effort.single+effort.many, stampBytes)
				nth = func(_ []request, i int) request { return proposals[i] }
			}
			err := b.eachInTurn(round, func(c contender) error {
				chain := chains[c.column]
				call := func(i int) error {
					_, err := chain.call(nth(getBlocks[c.column], i))
					return err
				}
				if err := times[c.column].round(chain.cmd.Process.Pid, call, effort); err != nil {
					return err
				}
				if method.proposes {
					return chain.drain(effort.single + effort.many)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		b.reportCalls(method, times)
	}
	return nil
}

func (t *rpcTimes) round(pid int, call func(i int) error, e effort) error {
	oneByOne, err := sequentially(e.single, call)
	if err != nil {
		return err
	}
	t.single = append(t.single, oneByOne...)

	var took time.Duration
	used, err := usedCPU(pid, func() error {
		var err error
		took, err = together(e.many, func(i int) error { return call(e.single + i) })
		return err
	})
	if err != nil {
		return err
	}
	t.rates = append(t.rates, float64(e.many)/took.Seconds())
	t.calls += e.many
	t.cpu += used
	return nil
}

func (b *bench) reportCalls(method rpcMethod, times map[string]*rpcTimes) {
	values := func(of func(*rpcTimes) value) map[string]value {
		m := map[string]value{}
		for column, t := range times {
			m[column] = of(t)
		}
		return m
	}
	b.report.add(method.name+" p50 / p99", "µs", method.goal,
		values(func(t *rpcTimes) value { return t.single.p50p99() }))
	b.report.add(fmt.Sprintf("%s, %d callers", method.name, callers), "calls/s", atLeastPeer,
		values(func(t *rpcTimes) value { return value{Value: median(t.rates)} }))
	b.report.add("  CPU per call", "µs", noGoal,
		values(func(t *rpcTimes) value { return value{Value: microseconds(t.cpu) / float64(t.calls)} }))
}

// grow accepts so many blocks and gives a getBlock for each.
func (b *bench) grow(chain *chain, count int) ([]request, error) {
	var untimed cycleTimes
	getBlocks := make([]request, 0, count)
	for _, proposal := range b.stamps.proposals(count, stampBytes) {
		if _, err := chain.call(proposal); err != nil {
			return nil, err
		}
		id, err := chain.acceptNext(&untimed)
		if err != nil {
			return nil, err
		}
		getBlocks = append(getBlocks, getBlockRequest(id))
	}
	return getBlocks, nil
}
