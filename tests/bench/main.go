// Command bench drives VM binaries as a node would, ours and timestampvm-rs, and
// prints what each took.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

const howToInstallPeer = "timestampvm-rs was not found: `cargo install timestampvm --locked`, or RS=/path/to/timestampvm, puts its figures beside ours."

// contender is a VM under test.
type contender struct {
	column string
	path   string
}

// sections are the parts of a run, in their order.
var sections = []struct {
	name string
	run  func(*bench) error
}{
	{"start", (*bench).start},
	{"cycles", (*bench).cycles},
	{"rpc", (*bench).rpc},
	{"memory", (*bench).memory},
}

// bench is one run.
type bench struct {
	ctx        context.Context
	contenders []contender
	dir        string
	long       bool
	stamps     stamps
	report     report
}

func main() {
	emptyServer := flag.Bool("empty-server", false, "serve nothing but an empty answer (the benchmark starts itself so)")
	only := flag.String("only", "", "run only these parts, comma-separated: "+strings.Join(sectionNames(), ", "))
	vm := flag.String("vm", "", "run only one VM: ours or peer")
	long := flag.Bool("long", false, "let the tall chain have 100,000 blocks (several minutes)")
	jsonFile := flag.String("json", "", "also write the figures to this file")
	attacks := flag.Bool("attack", false, "measure nothing but what attacks do to our VM, and print a table of its own")
	dir := flag.String("dir", "", "where chain data is kept for the run (default: a temporary directory on a disk)")
	flag.Parse()

	if *emptyServer {
		exitOn(serveEmpty())
		return
	}
	// The load must not be slowed down by its own garbage collector.
	debug.SetGCPercent(1000)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *attacks {
		exitOn(runAttacks(ctx, *dir))
		return
	}
	exitOn(run(ctx, *only, *vm, *dir, *jsonFile, *long))
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only, vm, dir, jsonFile string, long bool) error {
	wanted, err := wantedSections(only)
	if err != nil {
		return err
	}
	b := &bench{ctx: ctx, long: long}
	if b.contenders, err = findContenders(vm); err != nil {
		return err
	}
	if b.dir, err = dataDir(dir); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)

	started, loadBefore := time.Now(), loadAverage()
	var failed error
	for _, section := range sections {
		if !slices.Contains(wanted, section.name) {
			continue
		}
		progress("%s", section.name)
		b.report.section = section.name
		if err := section.run(b); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", section.name, err))
		}
		if ctx.Err() != nil {
			return failed
		}
	}
	if err := b.describe(time.Since(started), loadBefore); err != nil {
		return errors.Join(failed, err)
	}

	b.report.write(os.Stdout)
	if jsonFile != "" {
		failed = errors.Join(failed, b.report.writeJSON(jsonFile))
	}
	return failed
}

func runAttacks(ctx context.Context, dir string) (err error) {
	b := &bench{ctx: ctx}
	if b.contenders, err = findContenders(ours); err != nil {
		return err
	}
	if b.dir, err = dataDir(dir); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	return b.attack(os.Stdout)
}

func sectionNames() []string {
	var names []string
	for _, section := range sections {
		names = append(names, section.name)
	}
	return names
}

func wantedSections(only string) ([]string, error) {
	if only == "" {
		return sectionNames(), nil
	}
	wanted := strings.Split(only, ",")
	for _, name := range wanted {
		if !slices.Contains(sectionNames(), name) {
			return nil, fmt.Errorf("no part is called %q; there are %s", name, strings.Join(sectionNames(), ", "))
		}
	}
	return wanted, nil
}

// findContenders gives our binary, and the peer's when it is installed.
func findContenders(vm string) ([]contender, error) {
	if vm != "" && vm != ours && vm != peer {
		return nil, fmt.Errorf("-vm is %q; it can be %s or %s", vm, ours, peer)
	}
	var found []contender
	if vm != peer {
		path := os.Getenv("TIMESTAMPVM_BINARY")
		if path == "" {
			path = "../../build/timestampvm"
		}
		path, err := exec.LookPath(path)
		if err != nil {
			return nil, fmt.Errorf("our binary: %w (make build makes it; TIMESTAMPVM_BINARY names another)", err)
		}
		found = append(found, contender{ours, path})
	}
	if vm != ours {
		path, err := findPeer()
		switch {
		case err == nil:
			found = append(found, contender{peer, path})
		case vm == peer || os.Getenv("RS") != "":
			return nil, err
		}
	}
	for i, c := range found {
		path, err := filepath.Abs(c.path)
		if err != nil {
			return nil, err
		}
		found[i].path = path
	}
	return found, nil
}

func findPeer() (string, error) {
	candidates := []string{os.Getenv("RS")}
	if candidates[0] == "" {
		candidates[0] = "timestampvm"
		if home, err := os.UserHomeDir(); err == nil {
			candidates = append(candidates, filepath.Join(home, ".cargo", "bin", "timestampvm"))
		}
	}
	for _, candidate := range candidates {
		if path, err := exec.LookPath(candidate); err == nil {
			return path, nil
		}
	}
	return "", errors.New(howToInstallPeer)
}

// dataDir makes a directory for the chains: SQLite in memory would prove nothing.
func dataDir(dir string) (string, error) {
	if dir == "" {
		dir = os.TempDir()
		if inMemory(dir) {
			dir = "."
		}
	}
	made, err := os.MkdirTemp(dir, "timestampvm-bench-")
	if err != nil {
		return "", err
	}
	return filepath.Abs(made)
}

// describe says how the figures were taken.
func (b *bench) describe(took time.Duration, loadBefore string) error {
	disk := "on a disk"
	if inMemory(b.dir) {
		disk = "IN MEMORY, not on a disk"
	}
	taken := []string{
		fmt.Sprintf("%d cores, %s/%s, load %s before and %s after, %v in all; chain data %s, the node's database in memory; where there are two VMs, they take turns.",
			runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, loadBefore, loadAverage(), took.Round(time.Second), disk),
	}
	peerFound := false
	for _, c := range b.contenders {
		version, protocol, err := b.identify(c)
		if err != nil {
			return err
		}
		peerFound = peerFound || c.column == peer
		taken = append(taken, fmt.Sprintf("%s: version %s, protocol %d.", c.column, version, protocol))
	}
	if !peerFound && len(b.contenders) > 0 && b.contenders[0].column == ours {
		taken = append(taken, howToInstallPeer)
	}
	ceiling, err := b.ceiling()
	if err != nil {
		return err
	}
	taken = append(taken, ceiling)
	b.report.Taken = taken
	return nil
}

// loadAverage is how busy the machine was over the last minute.
func loadAverage() string {
	line, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(line))[0]
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
