package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// run is what both ways of making chaos share.
type run struct {
	began   time.Time
	out     io.Writer
	history *History
	picture *Picture
	// strangers propose too, and nobody keeps a list of what.
	strangers bool
	cancel    context.CancelFunc // ends the run at the first violation

	lock       sync.Mutex
	violations []string
	wipes      []Wipe
	troubles   []Span
	figures    Figures
}

// Figures count what was done.
type Figures struct {
	PluginKills int // SIGKILL to a plugin that was running
	NodeKills   int
	Restarts    int // in good order
	Stops       int // SIGSTOP, and SIGCONT later
	Wipes       int
	Recoveries  []time.Duration // from the end of a fault until the node was in step again
	Green       []time.Duration // from the end of the last fault until all nodes were healthy
}

// Report is all there is to say about a run.
type Report struct {
	Seed    uint64
	Took    time.Duration
	Figures Figures
	Verdict Verdict
}

// Failed says whether a promise was broken.
func (r Report) Failed() bool {
	return len(r.Verdict.Violations) > 0
}

func newRun(out io.Writer, picture *Picture, cancel context.CancelFunc) *run {
	return &run{began: time.Now(), out: out, history: NewHistory(), picture: picture, cancel: cancel}
}

func (r *run) now() time.Duration {
	return time.Since(r.began)
}

// say prints a line with the time since the begin of the run.
func (r *run) say(format string, values ...any) {
	r.lock.Lock()
	defer r.lock.Unlock()
	fmt.Fprintf(r.out, "[%8.3f] %s\n", r.now().Seconds(), fmt.Sprintf(format, values...))
}

// violate keeps a broken promise for the verdict, and ends the run.
func (r *run) violate(format string, values ...any) {
	text := fmt.Sprintf("at %.3f s: %s", r.now().Seconds(), fmt.Sprintf(format, values...))
	r.lock.Lock()
	r.violations = append(r.violations, text)
	r.lock.Unlock()
	r.say("VIOLATION %s", text)
	r.cancel()
}

// violateIf keeps the error if it is a violation. Others are part of chaos.
func (r *run) violateIf(node int, err error) {
	var violation *Violation
	if errors.As(err, &violation) {
		r.violate("node %d: %s", node+1, violation.Text)
	}
}

func (r *run) count(change func(*Figures)) {
	r.lock.Lock()
	defer r.lock.Unlock()
	change(&r.figures)
}

func (r *run) addWipe(w Wipe) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.wipes = append(r.wipes, w)
}

func (r *run) addTrouble(from, to time.Duration) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.troubles = append(r.troubles, Span{from, to})
}

// verdict is the outcome when nothing goes on any more.
func (r *run) verdict() Verdict {
	r.lock.Lock()
	defer r.lock.Unlock()
	return Check(Evidence{
		Proposals: r.history.Proposals(), Chain: r.picture.Links(), Wipes: r.wipes, Troubles: r.troubles, Strangers: r.strangers,
	})
}

// report turns the end of a run into its report. A violation ends a run early, with an error of no interest, and what is
// missing then would only have come later.
func (r *run) report(seed uint64, err error) (Report, error) {
	verdict := r.verdict()
	r.lock.Lock()
	defer r.lock.Unlock()
	if len(r.violations) > 0 {
		verdict.Violations = r.violations
	} else if err != nil {
		return Report{}, err
	}
	return Report{Seed: seed, Took: r.now(), Figures: r.figures, Verdict: verdict}, nil
}
