package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNothingIsLeftOfNodes(t *testing.T) {
	folder, err := Make("timestampvm-sandbox-")
	require.NoError(t, err)
	running, runningNote := startNode(t, folder)
	go func() { _ = running.Wait() }()
	killed, killedNote := startNode(t, folder)
	require.NoError(t, killed.Process.Kill())
	require.Error(t, killed.Wait())
	remains, remainsNote := startNode(t, folder) // nobody waits for its end, as for the nodes that tmpnet restarts
	require.NoError(t, remains.Process.Kill())
	others := note(t, os.Getpid())
	folderOfOthers := "/tmp/timestampvm-protocol-999999999-x"
	require.NoError(t, os.MkdirAll(folderOfOthers+"/deep", 0o755))
	defer os.RemoveAll(folderOfOthers)

	require.NoError(t, folder.EndAndRemove(10*time.Second))
	for _, left := range []string{runningNote, killedNote, remainsNote} {
		require.NoFileExists(t, left)
	}
	require.FileExists(t, others)
	require.DirExists(t, folderOfOthers)
	require.NoDirExists(t, string(folder))
	require.NoError(t, os.Remove(others))
	_ = remains.Wait()
}

// startNode starts a process from the folder. It returns what a plugin noted about it, too.
func startNode(t *testing.T, folder Folder) (*exec.Cmd, string) {
	t.Helper()
	program := folder.Path("node")
	require.NoError(t, Install("/bin/sleep", program))
	process := exec.Command(program, "600")
	require.NoError(t, process.Start())
	t.Cleanup(func() { _ = process.Process.Kill() })
	return process, note(t, process.Process.Pid)
}

// note writes a file as a plugin does for a node.
func note(t *testing.T, node int) string {
	t.Helper()
	path := fmt.Sprintf("/tmp/some-vm-protocol-%d-%032x-%016x", node, 1, time.Now().UnixNano())
	require.NoError(t, os.WriteFile(path, []byte("45\n"), 0o600))
	t.Cleanup(func() { _ = os.Remove(path) })
	return path
}
