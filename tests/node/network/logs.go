package network

import (
	"fmt"
	"path/filepath"

	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
)

// LogTails returns the last lines of what every node wrote about itself and about the chain, to explain a failure.
func (n *Network) LogTails() string {
	var text string
	for _, node := range n.nodes {
		for _, name := range node.logNames() {
			text += sandbox.LogTail(fmt.Sprintf("%s %s", node.ID(), name), node.logFile(name))
		}
	}
	return text
}

// logNames are the logs in which something about the plugin can be.
func (n *Node) logNames() []string {
	return []string{"main.log", "vm-factory.log", n.network.ChainID().String() + ".log"}
}

func (n *Node) logFile(name string) string {
	return filepath.Join(n.tmp.DataDir, "logs", name)
}
