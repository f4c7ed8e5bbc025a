package plugin

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/api/metrics"
	"github.com/ava-labs/avalanchego/snow/engine/snowman/block"
	"github.com/ava-labs/avalanchego/utils/logging"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm/runtime"

	"github.com/timestampvm/timestampvm/tests/node/internal/liveness"
)

// patience is how long any single call may take before a test gives up on it.
const patience = 30 * time.Second

// pluginVM is all that AvalancheGo's client of a plugin offers.
type pluginVM interface {
	block.ChainVM
	block.BatchedChainVM
	block.StateSyncableVM
	prometheus.Gatherer
}

// running is a running plugin behind AvalancheGo's client.
type running struct {
	vm  pluginVM
	pid int
}

// launch starts the plugin as a node does. Whatever happens, the process is gone when the test ends.
func launch(t testing.TB) running {
	t.Helper()
	var (
		pids     pidRecorder
		log      = newPluginLog(t)
		gatherer = metrics.NewLabelGatherer("chain")
	)
	made, err := rpcchainvm.NewFactory(binary, &pids, runtime.NewManager(), gatherer).New(log)
	require.NoError(t, err, "the plugin does not start")

	p := running{vm: made.(pluginVM), pid: pids.pid}
	t.Cleanup(func() {
		if !pids.ended() {
			p.kill(t)
		}
	})
	return p
}

// kill ends the process at once, as the system does when memory runs out.
func (p running) kill(t testing.TB) {
	t.Helper()
	err := syscall.Kill(p.pid, syscall.SIGKILL)
	if !errors.Is(err, syscall.ESRCH) {
		require.NoError(t, err)
	}
	requireGone(t, p.pid, 5*time.Second)
}

// shutdown stops the plugin in good order, and requires that it leaves by itself.
func (p running) shutdown(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	began := time.Now()
	require.NoError(t, p.vm.Shutdown(ctx))
	require.Less(t, time.Since(began), runtime.DefaultGracefulTimeout,
		"the plugin had to be killed after its Shutdown")
	requireGone(t, p.pid, time.Second)
}

func requireGone(t testing.TB, pid int, within time.Duration) {
	t.Helper()
	require.Eventually(t, func() bool { return !liveness.IsRunning(pid) }, within, 5*time.Millisecond,
		"process %d still runs after %s", pid, within)
}

// pidRecorder learns the process ID, which the client keeps to itself.
type pidRecorder struct {
	lock sync.Mutex
	pid  int
	gone bool
}

func (r *pidRecorder) TrackProcess(pid int) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.pid = pid
}

func (r *pidRecorder) UntrackProcess(int) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.gone = true
}

func (r *pidRecorder) ended() bool {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.gone
}

// pluginLog keeps what the plugin writes, and shows its end when the test fails.
type pluginLog struct {
	logging.NoLog
	lock sync.Mutex
	text bytes.Buffer
}

func newPluginLog(t testing.TB) *pluginLog {
	log := &pluginLog{}
	t.Cleanup(func() {
		for _, bug := range []string{"uncaughtException", "unhandledRejection"} {
			assert.NotContains(t, string(log.tail(1<<30)), bug)
		}
		if t.Failed() {
			t.Logf("the plugin wrote:\n%s", log.tail(4000))
		}
	})
	return log
}

func (l *pluginLog) Write(text []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.Write(text)
}

func (l *pluginLog) tail(length int) []byte {
	l.lock.Lock()
	defer l.lock.Unlock()
	text := l.text.Bytes()
	return bytes.Clone(text[max(0, len(text)-length):])
}
