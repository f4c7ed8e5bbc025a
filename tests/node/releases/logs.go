package releases

import (
	"fmt"
	"path/filepath"

	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
)

// outputName is where goes what the node prints.
const outputName = "output.log"

// LogTails returns the last lines of what the node wrote about itself and about the chain.
func (n *Node) LogTails() string {
	var text string
	for _, path := range n.logFiles() {
		text += sandbox.LogTail(fmt.Sprintf("%s, %s", n, filepath.Base(path)), path)
	}
	return text
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
