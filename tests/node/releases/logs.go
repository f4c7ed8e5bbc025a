package releases

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	outputName = "output.log" // what the node prints

	tailLines    = 30
	longestShown = 600 // a health report takes thousands
)

// LogTails returns the last lines of what the node wrote about itself and about the chain.
func (n *Node) LogTails() string {
	var text strings.Builder
	for _, path := range n.logFiles() {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // a node that never came that far has no such log
		}
		lines := bytes.Split(bytes.TrimSpace(content), []byte("\n"))
		lines = lines[max(0, len(lines)-tailLines):]
		fmt.Fprintf(&text, "\n--- %s, %s", n, filepath.Base(path))
		for _, line := range lines {
			fmt.Fprintf(&text, "\n%.*s", longestShown, line)
		}
	}
	return text.String()
}

// logFiles are the logs in which something about a failure can be.
func (n *Node) logFiles() []string {
	return append([]string{filepath.Join(n.dir, outputName), filepath.Join(n.dir, "logs", "main.log")}, n.pluginLogs()...)
}

// pluginLogs are the logs of what the plugin and the node say about each other.
func (n *Node) pluginLogs() []string {
	logs := filepath.Join(n.dir, "logs")
	return []string{filepath.Join(logs, "vm-factory.log"), filepath.Join(logs, n.network.ChainID().String()+".log")}
}
