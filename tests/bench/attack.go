package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/ava-labs/avalanchego/ids"
	httppb "github.com/ava-labs/avalanchego/proto/pb/http"
	"github.com/ava-labs/avalanchego/utils/logging"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm/ghttp"

	"github.com/timestampvm/timestampvm/tests/attack"
)

const (
	// attackLimit is how long attackers wait for their answers: a node gives none later.
	attackLimit = 30 * time.Second
	// quietTime is how long the plugin is watched with no attack.
	quietTime = 5 * time.Second
)

// attackRow is what one attack did to a plugin that was started for it.
type attackRow struct {
	name    string
	seen    seen
	answers attack.Answers
}

// attack attacks our VM in every way, as clients and as peers, and prints what each did to it.
func (b *bench) attack(out io.Writer) error {
	loadBefore, started := loadAverage(), time.Now()
	quiet := attack.Attack{Name: "none, for " + quietTime.String()}
	fmt.Fprintln(out, "| attack | s | PING p50 / p99 / max ms | Health max ms | block cycles/s | stamp p50 / p99 / max ms | VmHWM MiB | CPU s | answers |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|")
	var failed error
	known := append([]attack.Attack{quiet, attack.Mixture}, attack.Attacks...)
	for _, one := range append(known, attack.Generated(1, 600, 100)) {
		row, err := b.attackOnce(one)
		if err != nil {
			fmt.Fprintf(out, "| %s | a node would have ended the chain: %s |\n", one.Name, err)
			failed = errors.Join(failed, fmt.Errorf("%s: %w", one.Name, err))
			continue
		}
		row.write(out)
	}
	failed = errors.Join(failed, b.attackAsPeer(out))
	fmt.Fprintf(out, "\nLoad %s before and %s after, %s in all.\n", loadBefore, loadAverage(), time.Since(started).Round(time.Second))
	return failed
}

// attackOnce attacks a new plugin through AvalancheGo's own HTTP handler, as a node passes requests on.
func (b *bench) attackOnce(one attack.Attack) (row attackRow, err error) {
	progress("attack: %s", one.Name)
	chain, err := b.open(b.contenders[0], "attack-"+one.Name)
	if err != nil {
		return row, err
	}
	defer chain.close()
	target, closeNode, err := serveHTTP(chain)
	if err != nil {
		return row, err
	}
	defer closeNode()
	if target.Chain, err = b.makeLarge(chain); err != nil {
		return row, err
	}
	w, err := b.watch(chain)
	if err != nil {
		return row, err
	}
	ctx, cancel := context.WithTimeout(chain.alive, attackLimit)
	defer cancel()
	row.name = one.Name
	row.answers = one.Send(ctx, target)
	if one.Count == 0 {
		time.Sleep(quietTime)
	}
	row.seen, err = w.stop()
	return row, err
}

// serveHTTP takes in requests to the chain as a node does. What the benchmark itself asks the plugin comes over another
// connection.
func serveHTTP(chain *chain) (to attack.Target, closeNode func(), err error) {
	conn, err := chain.dial(chain.httpAddr)
	if err != nil {
		return attack.Target{}, nil, err
	}
	node := httptest.NewServer(ghttp.NewClient(httppb.NewHTTPClient(conn), logging.NoLog{}))
	base := node.URL + strings.TrimSuffix(rpcURL, "/rpc")
	return attack.Target{URL: func(path string) string { return base + path }}, node.Close, nil
}

// makeLarge accepts the large blocks that attackers ask for.
func (b *bench) makeLarge(chain *chain) (attack.Chain, error) {
	var untimed cycleTimes
	var made []ids.ID
	for range attack.LargeBlocks {
		if _, err := chain.call(proposeRequest(b.stamps.next(attack.LargeData))); err != nil {
			return attack.Chain{}, err
		}
		id, err := chain.acceptNext(&untimed)
		if err != nil {
			return attack.Chain{}, err
		}
		made = append(made, id)
	}
	return attack.Chain{Early: made[0].String(), Late: made[len(made)-1].String(), Large: chain.height}, nil
}

func (r attackRow) write(out io.Writer) {
	fmt.Fprintf(out, "| %s | %.1f | %s | %s | %.0f | %s | %.0f | %.1f | %s |\n", r.name, r.seen.time.Seconds(),
		r.seen.pings.milliseconds(), milliseconds(r.seen.health.percentile(100)),
		float64(r.seen.cycles)/r.seen.time.Seconds(), r.seen.stamps.milliseconds(),
		float64(r.seen.peakBytes)/(1<<20), r.seen.cpu.Seconds(), answersText(r.answers))
}

func answersText(answers attack.Answers) string {
	var texts []string
	for _, ending := range slices.Sorted(maps.Keys(answers)) {
		texts = append(texts, fmt.Sprintf("%d × %s", answers[ending], ending))
	}
	return strings.Join(texts, ", ")
}
