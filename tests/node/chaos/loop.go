package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/timestampvm/timestampvm/tests/node/internal/host"
)

// PluginConfig says what RunPlugin does. It ends at the first of both limits; a limit of 0 is none.
type PluginConfig struct {
	TimestampVM string // path of the plugin's executable
	Seed        uint64
	Kills       int
	Duration    time.Duration
	Out         io.Writer // a line now and then
}

const (
	sayEvery = 100 // kills
	// patience is how long anything may take that is not disturbed.
	patience = 30 * time.Second
)

// loop is one plugin after the other on the same site.
type loop struct {
	*run
	config  PluginConfig
	site    host.Site
	gate    *gate
	door    *door
	log     pluginLog
	random  *rand.Rand // decides on the moments
	choices *rand.Rand // decides what consensus does
	calls   atomic.Int64
	// The heights of the chain for which an Accept was sent, and was answered.
	sent, answered atomic.Uint64
}

// RunPlugin kills one plugin again and again, at any moment of its life, while clients propose and blocks are built,
// verified, accepted and rejected. The error says that the run itself could not go on; whether promises were kept is in
// the report.
func RunPlugin(ctx context.Context, c PluginConfig) (report Report, err error) {
	folder, err := os.MkdirTemp("", "timestampvm-chaos-")
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	l := &loop{
		config: c, site: host.NewSite(folder), gate: newGate(),
		random:  rand.New(rand.NewPCG(c.Seed, 0)),
		choices: rand.New(rand.NewPCG(c.Seed, 1<<32)),
	}
	server := httptest.NewServer(l.gate)
	defer server.Close()
	l.door = newDoor(0, server.URL+"/ext/bc/"+l.site.ChainID.String()+"/rpc")
	if err := l.begin(ctx, cancel); err != nil {
		return Report{}, err
	}
	return l.report(c.Seed, l.torment(ctx))
}

// begin reads the first block, with a plugin that lives only for that.
func (l *loop) begin(ctx context.Context, cancel context.CancelFunc) error {
	p, err := l.start(ctx)
	if err != nil {
		return err
	}
	first, err := firstBlock(p.Alive, l.door)
	if err != nil {
		return err
	}
	l.run = newRun(l.config.Out, NewPicture(first), cancel)
	return l.end(p)
}

func (l *loop) torment(ctx context.Context) error {
	loading, stopLoading := context.WithCancel(ctx)
	var clients sync.WaitGroup
	load := Load{Clients: 4, Pause: 4 * time.Millisecond, Backlog: 60, Timeout: patience}
	clients.Go(func() { load.drive(loading, l.run, []*door{l.door}, l.config.Seed) })
	stop := func() {
		stopLoading()
		l.gate.close()
		clients.Wait()
	}
	defer stop()

	for kill := 0; !l.done(kill); kill++ {
		if err := l.liveAndDie(ctx, l.moment()); err != nil {
			return err
		}
		if kill%sayEvery == sayEvery-1 {
			l.say("%d kills, height %d, %d acknowledged proposals wait", kill+1, l.picture.Height(), l.history.Waiting(0, l.picture))
		}
	}
	return l.settle(ctx, stop)
}

func (l *loop) done(kills int) bool {
	return (l.config.Kills > 0 && kills >= l.config.Kills) || (l.config.Duration > 0 && l.now() >= l.config.Duration)
}

// moment is when a plugin is killed.
type moment struct {
	starting bool          // while it starts, or in normal operation
	calls    int64         // after so many calls of consensus
	delay    time.Duration // and then so much later
}

func (l *loop) moment() moment {
	if l.random.IntN(5) == 0 {
		return moment{starting: true, delay: time.Duration(l.random.Float64() * float64(120*time.Millisecond))}
	}
	fraction := l.random.Float64()
	return moment{
		calls: int64(fraction * fraction * 150),
		delay: time.Duration(l.random.Float64() * float64(3*time.Millisecond)),
	}
}

// liveAndDie is one life of the plugin, from its start to its kill.
func (l *loop) liveAndDie(ctx context.Context, m moment) error {
	p, err := host.Launch(ctx, l.config.TimestampVM, l.site, &l.log)
	if err != nil {
		return err
	}
	var killing sync.WaitGroup
	if m.starting {
		killing.Go(func() {
			time.Sleep(m.delay)
			l.kill(p)
		})
	}
	err = open(p)
	killing.Wait()
	if m.starting {
		return p.Bury() // whether it came that far or not, nothing may be broken afterwards
	}
	if err != nil {
		l.violate("a plugin does not start: %s", err)
		return errors.Join(l.end(p), ctx.Err())
	}
	return l.live(ctx, p, m)
}

func (l *loop) live(ctx context.Context, p *host.Plugin, m moment) error {
	l.door.life.Add(1)
	l.gate.open(p.Alive, p.Handler)
	l.checkHead(p.Alive)
	var work sync.WaitGroup
	work.Go(func() { l.decide(p.Alive, p) })
	work.Go(func() { l.look(p.Alive) })

	until := l.calls.Load() + m.calls
	for began := time.Now(); l.calls.Load() < until && time.Since(began) < 2*time.Second && ctx.Err() == nil; {
		time.Sleep(100 * time.Microsecond)
	}
	time.Sleep(m.delay)
	l.kill(p)
	work.Wait()
	l.gate.shut()
	return errors.Join(p.Bury(), ctx.Err())
}

// checkHead compares the chain after a start with what was accepted before it.
func (l *loop) checkHead(ctx context.Context) {
	height, err := l.observe(ctx, l.door, patience)
	switch {
	case ctx.Err() != nil:
		return // the whole run ends
	case err != nil:
		l.violate("a plugin that has just started does not show its chain: %s", err)
	case height < l.answered.Load():
		l.violate("the chain is at height %d, and the Accept of %d was answered", height, l.answered.Load())
	case height > max(l.sent.Load(), l.answered.Load()):
		l.violate("the chain is at height %d, and no Accept above %d was sent", height, l.sent.Load())
	}
}

// decide lets blocks be built and decided until the plugin dies or the context ends. Nothing may fail before.
func (l *loop) decide(ctx context.Context, p *host.Plugin) {
	err := decider{
		consensus: p.Consensus, random: l.choices, history: l.history, calls: &l.calls, sent: &l.sent, answered: &l.answered,
	}.run(ctx)
	if !p.IsKilled() && ctx.Err() == nil {
		l.violate("consensus: %s", err)
	}
}

// look reads the chain as any client may.
func (l *loop) look(ctx context.Context) {
	for sleep(ctx, 20*time.Millisecond) {
		_, _ = l.glance(ctx, l.door)
	}
}

// checkLog looks for what the plugins wrote about their own mistakes.
func (l *loop) checkLog() {
	for _, line := range l.log.complaints() {
		l.violate("a plugin wrote: %s", line)
	}
}

func (l *loop) kill(p *host.Plugin) {
	if p.Kill() == nil {
		l.count(func(f *Figures) { f.PluginKills++ })
	}
}

// settle lets a last plugin work until nothing is left to do, and reads its whole chain.
func (l *loop) settle(ctx context.Context, stopLoad func()) error {
	p, err := l.start(ctx)
	if err != nil {
		return err
	}
	l.checkHead(p.Alive)
	deciding, stopDeciding := context.WithCancel(p.Alive)
	var work sync.WaitGroup
	work.Go(func() { l.decide(deciding, p) })
	stopLoad()
	l.gate.open(p.Alive, p.Handler)
	l.say("no more kills, no more proposals")
	l.awaitQuiet(ctx)
	stopDeciding()
	work.Wait()
	l.checkLog()
	chain, err := l.door.client.Chain(ctx)
	if err == nil && !sameChain(l.picture.Links(), chain) {
		l.violate("the chain of %d blocks is not the one that was seen before", len(chain))
	}
	return errors.Join(err, l.end(p))
}

// awaitQuiet waits until nothing waits for a block any more and the chain does not grow.
func (l *loop) awaitQuiet(ctx context.Context) {
	for began := l.now(); l.now()-began < patience; {
		before := l.picture.Height()
		if !sleep(ctx, time.Second) {
			return
		}
		height, err := l.glance(ctx, l.door)
		if err == nil && height == before && l.history.Waiting(0, l.picture) == 0 {
			return
		}
	}
}

// start brings up a plugin that clients can reach.
func (l *loop) start(ctx context.Context) (*host.Plugin, error) {
	p, err := host.Launch(ctx, l.config.TimestampVM, l.site, &l.log)
	if err != nil {
		return nil, err
	}
	if err := open(p); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a plugin: %w", err), p.Kill(), p.Bury())
	}
	l.gate.open(p.Alive, p.Handler)
	return p, nil
}

// open brings a chain into normal operation.
func open(p *host.Plugin) error {
	if err := p.Initialize("chaos"); err != nil {
		return err
	}
	return p.FinishBootstrapping()
}

func (l *loop) end(p *host.Plugin) error {
	l.gate.shut()
	return errors.Join(p.Kill(), p.Bury())
}

// gate is the node's HTTP server over all lives of the plugin. Requests that come between two lives wait.
type gate struct {
	lock    sync.Mutex
	changed chan struct{} // closed at the next change
	closed  bool
	life    context.Context
	handler http.Handler
}

func newGate() *gate {
	return &gate{changed: make(chan struct{})}
}

func (g *gate) open(life context.Context, handler http.Handler) {
	g.set(func() { g.life, g.handler = life, handler })
}

func (g *gate) shut() {
	g.set(func() { g.handler = nil })
}

// close lets nobody wait any more.
func (g *gate) close() {
	g.set(func() { g.closed = true })
}

func (g *gate) set(change func()) {
	g.lock.Lock()
	defer g.lock.Unlock()
	change()
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for {
		g.lock.Lock()
		handler, life, changed, closed := g.handler, g.life, g.changed, g.closed
		g.lock.Unlock()
		switch {
		case handler != nil:
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			defer context.AfterFunc(life, cancel)()
			handler.ServeHTTP(w, r.WithContext(ctx))
			return
		case closed:
			http.Error(w, "the run is over", http.StatusServiceUnavailable)
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}
