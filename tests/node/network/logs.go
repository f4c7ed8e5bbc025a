package network

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	tailLines    = 25
	longestShown = 600 // a health report takes thousands
)

// LogTails returns the last lines of what every node wrote about itself and about the chain, to explain a failure.
func (n *Network) LogTails() string {
	var text strings.Builder
	for _, node := range n.nodes {
		for _, name := range node.logNames() {
			content, err := os.ReadFile(node.logFile(name))
			if err != nil {
				continue // a node that never came that far has no such log
			}
			lines := bytes.Split(bytes.TrimSpace(content), []byte("\n"))
			lines = lines[max(0, len(lines)-tailLines):]
			fmt.Fprintf(&text, "\n--- %s %s", node.ID(), name)
			for _, line := range lines {
				fmt.Fprintf(&text, "\n%.*s", longestShown, line)
			}
		}
	}
	return text.String()
}

// logNames are the logs in which something about the plugin can be.
func (n *Node) logNames() []string {
	return []string{"main.log", "vm-factory.log", n.network.ChainID().String() + ".log"}
}

func (n *Node) logFile(name string) string {
	return filepath.Join(n.tmp.DataDir, "logs", name)
}
