package network

import (
	"fmt"
	"path/filepath"

	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
)

// outputName is where goes what a node prints.
const outputName = "output.log"

// LogTails returns the last lines of what every node wrote about itself and about the chain, to explain a failure.
func (n *Network) LogTails() string {
	var text string
	for _, node := range n.nodes {
		for _, path := range append(node.Logs(), filepath.Join(node.home, outputName)) {
			text += sandbox.LogTail(fmt.Sprintf("%s, %s", node, filepath.Base(path)), path)
		}
	}
	return text
}

// Logs are the node's own log, and those of the plugin.
func (n *Node) Logs() []string {
	return append([]string{filepath.Join(n.Dir(), "logs", "main.log")}, n.PluginLogs()...)
}

// PluginLogs are the logs of what the plugin and the node say about each other. The oldest releases have one less.
func (n *Node) PluginLogs() []string {
	return []string{filepath.Join(n.Dir(), "logs", "vm-factory.log"), n.chainLog()}
}

func (n *Node) chainLog() string {
	return filepath.Join(n.Dir(), "logs", n.network.ChainID().String()+".log")
}
