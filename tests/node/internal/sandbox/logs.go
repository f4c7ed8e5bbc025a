package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

const (
	tailLines    = 30
	longestShown = 600 // a health report takes thousands
)

// LogTail returns the last lines of a log under a title, to explain a failure; nothing for one that was never begun.
func LogTail(title, path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	var text strings.Builder
	lines := bytes.Split(bytes.TrimSpace(content), []byte("\n"))
	lines = lines[max(0, len(lines)-tailLines):]
	fmt.Fprintf(&text, "\n--- %s", title)
	for _, line := range lines {
		fmt.Fprintf(&text, "\n%.*s", longestShown, line)
	}
	return text.String()
}
