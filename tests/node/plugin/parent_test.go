package plugin

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/api/metrics"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/vms/rpcchainvm"

	"github.com/timestampvm/timestampvm/tests/node/internal/liveness"
)

const (
	// parentEnv makes this test program play a node that keeps a chain in the folder, until it is killed.
	parentEnv = "TIMESTAMPVM_TEST_PARENT"
	// withoutSignalEnv makes it start the plugin so that the system does not tell it of its parent's death.
	withoutSignalEnv = "TIMESTAMPVM_TEST_WITHOUT_SIGNAL"

	pidPrefix  = "plugin"
	goneWithin = 2 * time.Second
)

// A node that is killed cannot stop its plugins. One that stays would hold the data against the next.
func TestPluginLeavesWhenTheNodeDies(t *testing.T) {
	for _, row := range []struct{ name, withoutSignal string }{
		{"with the system's signal", ""},
		{"without it", "yes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			folder := t.TempDir()
			parent, plugin := startParent(t, folder, row.withoutSignal)
			require.True(t, liveness.IsRunning(plugin))
			require.NoError(t, syscall.Kill(parent.Process.Pid, syscall.SIGKILL))
			_ = parent.Wait()
			requireGone(t, plugin, goneWithin)

			s := siteIn(folder)
			began := time.Now()
			open(t, options{site: &s}).stamp(t, "goes on")
			require.Less(t, time.Since(began), 5*time.Second, "the data was still locked")
		})
	}
}

// A terminal and a service manager signal the node and its plugins alike, but only the node says when to stop.
func TestPluginIgnoresSignalsWhileTheNodeLives(t *testing.T) {
	c := open(t, options{})
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		require.NoError(t, syscall.Kill(c.pid, signal))
	}
	require.Never(t, func() bool { return !liveness.IsRunning(c.pid) }, time.Second, 10*time.Millisecond)
	c.stamp(t, "goes on")
	c.close(t)
}

// TestActAsParent is no test, but the program that such a test starts. It prints the plugin's process ID.
func TestActAsParent(t *testing.T) {
	folder := os.Getenv(parentEnv)
	if folder == "" {
		t.Skip("runs as a program of its own, which TestPluginLeavesWhenTheNodeDies starts")
	}
	start := launch
	if os.Getenv(withoutSignalEnv) != "" {
		start = launchWithoutSignal
	}
	s := siteIn(folder)
	c, err := tryOpenOn(t, start(t), options{site: &s})
	require.NoError(t, err)
	fmt.Println(pidPrefix, c.pid)
	select {} // until killed
}

// launchWithoutSignal leaves out what AvalancheGo asks the system for on Linux only: a signal when the node dies.
func launchWithoutSignal(t testing.TB) running {
	t.Helper()
	log := newPluginLog(t)
	conn, stopper, pid := bootstrap(t, exec.Command(binary), log)
	gatherer := metrics.NewLabelGatherer("chain")
	return running{vm: rpcchainvm.NewClient(conn, stopper, pid, &pidRecorder{}, gatherer, log), pid: pid}
}

func startParent(t *testing.T, folder, withoutSignal string) (parent *exec.Cmd, plugin int) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	parent = exec.Command(self, "-test.run=^TestActAsParent$", "-test.timeout=1m")
	// It will not clean up after itself, so its temporary files go to the folder too.
	parent.Env = append(os.Environ(), parentEnv+"="+folder, withoutSignalEnv+"="+withoutSignal, "TMPDIR="+folder)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	t.Cleanup(func() {
		_ = parent.Process.Kill()
		_ = parent.Wait()
	})

	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), pidPrefix+" %d", &plugin); err == nil {
			return parent, plugin
		}
	}
	require.Fail(t, "the program that plays the node did not come up")
	return nil, 0
}

// siteIn is a site with fixed names, so that two programs find the same.
func siteIn(folder string) site {
	return site{
		chainID:   ids.Empty.Prefix(1),
		nodeID:    ids.BuildTestNodeID([]byte{1}),
		nodeDB:    filepath.Join(folder, "db"),
		chainData: filepath.Join(folder, "chainData"),
	}
}
