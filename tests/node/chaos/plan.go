package chaos

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Kind is what a fault does to its victim.
type Kind int

// In each of these the node is started again afterwards; AvalancheGo never starts a dead plugin again itself.
const (
	KillPlugin        Kind = iota // the node stays for a while with a dead plugin
	KillNode                      // the plugin sees that its parent is gone
	KillBoth                      // at the same moment
	KillWhileStarting             // both, and again some times before they are up
	Restart                       // in good order
	WipeChainData                 // killed, and the plugin's folder is gone
	WipeDatabase                  // killed, and the node's own database is gone
	WipeFolder                    // killed, and everything of the node but its keys is gone
	StopPlugin                    // SIGSTOP, and SIGCONT later: nothing is started again
	StopNode
	StopBoth
	kinds
)

func (k Kind) String() string {
	return [...]string{
		"kill plugin", "kill node", "kill node and plugin", "kill while starting", "restart",
		"wipe chain data", "wipe database", "wipe folder", "stop plugin", "stop node", "stop node and plugin",
	}[k]
}

// wipes says whether the node's mempool is lost.
func (k Kind) wipes() bool {
	return k == WipeChainData || k == WipeFolder
}

// stops says whether the victim only sleeps.
func (k Kind) stops() bool {
	return k == StopPlugin || k == StopNode || k == StopBoth
}

// Fault is one step of a plan.
type Fault struct {
	Number int
	Kind   Kind
	Victim int
	Calm   time.Duration   // before the fault
	Hold   time.Duration   // how long the victim sleeps, or is dead before it is started again
	Again  []time.Duration // how long after each start it is killed again
	// Another node sleeps for a while when the victim is down or starting. None does when Sleep is 0.
	Sleeper   int
	SleepFrom time.Duration // after the victim went down
	Sleep     time.Duration
}

func (f Fault) String() string {
	text := fmt.Sprintf("#%d %s %d, hold %s", f.Number, f.Kind, f.Victim+1, round(f.Hold))
	for _, again := range f.Again {
		text += fmt.Sprintf(", again after %s", round(again))
	}
	if f.Sleep > 0 {
		text += fmt.Sprintf("; node %d sleeps for %s after %s", f.Sleeper+1, round(f.Sleep), round(f.SleepFrom))
	}
	return text
}

// Plan is an endless series of faults, which depends only on the seed and the number of nodes.
type Plan struct {
	random *rand.Rand
	nodes  int
	number int
}

// NewPlan returns the plan of a seed.
func NewPlan(seed uint64, nodes int) *Plan {
	return &Plan{random: rand.New(rand.NewPCG(seed, 0)), nodes: nodes}
}

// Next returns the next fault.
func (p *Plan) Next() Fault {
	p.number++
	f := Fault{
		Number: p.number,
		Kind:   p.kind(),
		Victim: p.random.IntN(p.nodes),
		Calm:   p.upTo(1500 * time.Millisecond),
		Hold:   p.upTo(1500 * time.Millisecond),
	}
	switch {
	case f.Kind.stops():
		f.Hold += p.upTo(6 * time.Second)
	case f.Kind.wipes():
		// Long enough for what was proposed here to be known elsewhere, so that most of it must be found.
		f.Calm += gossipTime
	case f.Kind == KillWhileStarting:
		for range 1 + p.random.IntN(3) {
			f.Again = append(f.Again, p.upTo(3*time.Second))
		}
	}
	if p.nodes > 1 && !f.Kind.stops() && p.random.IntN(4) == 0 {
		f.Sleeper = (f.Victim + 1 + p.random.IntN(p.nodes-1)) % p.nodes
		f.SleepFrom = p.upTo(2 * time.Second)
		f.Sleep = p.upTo(5 * time.Second)
	}
	return f
}

// weights say how often each kind comes. A lone node is never wiped: nobody could give it the chain back.
var weights = [kinds]int{
	KillPlugin: 25, KillNode: 10, KillBoth: 20, KillWhileStarting: 15, Restart: 5,
	WipeChainData: 5, WipeDatabase: 3, WipeFolder: 5, StopPlugin: 4, StopNode: 4, StopBoth: 4,
}

func (p *Plan) kind() Kind {
	total := 0
	for _, weight := range weights {
		total += weight
	}
	for {
		n := p.random.IntN(total)
		kind := Kind(0)
		for ; n >= weights[kind]; kind++ {
			n -= weights[kind]
		}
		if p.nodes > 1 || (kind != WipeDatabase && !kind.wipes()) {
			return kind
		}
	}
}

// upTo is short as often as long: small delays hit the first moments, in which most happens.
func (p *Plan) upTo(limit time.Duration) time.Duration {
	fraction := p.random.Float64()
	return time.Duration(fraction * fraction * float64(limit))
}

func round(d time.Duration) time.Duration {
	return d.Round(time.Millisecond)
}
