package chaos

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const buggy = `{"level":"info","msg":"started"}
{"level":"error","msg":"uncaughtException","error":"x is undefined"}
{"level":"error","msg":"cannot reach the node"}
{"level":"error","msg":"unhandledRejection"}
`

func TestLinesWithABugAreKept(t *testing.T) {
	var log pluginLog
	n, err := log.Write([]byte(buggy))
	require.NoError(t, err)
	require.Equal(t, len(buggy), n)
	requireBothLines(t, log.complaints())
}

func TestLogsOfANodeAreSearched(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "logs"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "logs", "chain.log"), []byte(buggy), 0o644))
	lines, err := linesOfLogs(dir, bugs)
	require.NoError(t, err)
	requireBothLines(t, lines)
}

func requireBothLines(t *testing.T, lines []string) {
	t.Helper()
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], "x is undefined")
	require.Contains(t, lines[1], "unhandledRejection")
}
