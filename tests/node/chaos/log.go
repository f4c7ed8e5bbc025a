package chaos

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/ava-labs/avalanchego/utils/logging"
)

// bugs are words in a plugin's log that no fault outside of it explains.
var bugs = []string{"uncaughtException", "unhandledRejection"}

// pluginLog keeps the lines with a bug in what plugins write.
type pluginLog struct {
	logging.NoLog
	lock sync.Mutex
	kept []string
}

// Write is given whole lines, most of the time.
func (l *pluginLog) Write(text []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.kept = append(l.kept, linesWith(bugs, text)...)
	return len(text), nil
}

func (l *pluginLog) complaints() []string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return slices.Clone(l.kept)
}

func linesWith(words []string, text []byte) []string {
	var found []string
	for line := range bytes.Lines(text) {
		if slices.ContainsFunc(words, func(word string) bool { return bytes.Contains(line, []byte(word)) }) {
			found = append(found, fmt.Sprintf("%.600s", bytes.TrimSpace(line)))
		}
	}
	return found
}

// linesOfLogs gives the lines with one of the words in all logs in the folder of a node.
func linesOfLogs(dir string, words []string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "logs", "*.log"))
	if err != nil {
		return nil, err
	}
	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found = append(found, linesWith(words, text)...)
	}
	return found, nil
}
