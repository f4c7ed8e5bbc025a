package releases

import (
	"bytes"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/utils/logging"

	"github.com/timestampvm/timestampvm/tests/releases/release"
)

// patience is how long any single call may take before a test gives up on it.
const patience = 30 * time.Second

// launch starts the plugin as the node does. Whatever happens, the process is gone when the test ends.
func launch(t *testing.T) *release.Plugin {
	t.Helper()
	p, err := release.Start(binary, newPluginLog(t))
	require.NoError(t, err, "the plugin does not start")
	t.Cleanup(func() {
		if !p.Process.HasEnded() {
			_ = syscall.Kill(p.Process.PID(), syscall.SIGKILL)
		}
	})
	return p
}

// stop ends the plugin in one of the node's ways, and requires that it leaves by itself: a node that has to kill it waits
// two seconds at least.
func stop(t *testing.T, p *release.Plugin, how func()) {
	t.Helper()
	began := time.Now()
	how()
	require.ErrorIs(t, syscall.Kill(p.Process.PID(), 0), syscall.ESRCH, "the plugin still runs")
	p.Process.UntrackProcess(p.Process.PID())
	require.Less(t, time.Since(began), 2*time.Second, "the plugin was slow to leave, or had to be killed")
}

func shutdown(t *testing.T, p *release.Plugin) {
	t.Helper()
	stop(t, p, func() { require.NoError(t, p.Shutdown(t.Context())) })
}

// pluginLog keeps what the plugin writes, and shows its end when the test fails.
type pluginLog struct {
	logging.NoLog
	lock sync.Mutex
	text bytes.Buffer
}

func newPluginLog(t *testing.T) *pluginLog {
	log := &pluginLog{}
	t.Cleanup(func() {
		log.lock.Lock()
		defer log.lock.Unlock()
		for _, bug := range []string{"uncaughtException", "unhandledRejection"} {
			require.NotContains(t, log.text.String(), bug)
		}
		if t.Failed() {
			text := log.text.Bytes()
			t.Logf("the plugin wrote:\n%s", text[max(0, len(text)-4000):])
		}
	})
	return log
}

func (l *pluginLog) Write(text []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.Write(text)
}
