package network

import (
	"context"
	"fmt"
)

// CurlLines returns commands that can be pasted into a shell to try a timestampvm chain out on the node.
func (n *Node) CurlLines(ctx context.Context) ([]string, error) {
	id, err := n.Client().LastAccepted(ctx)
	if err != nil {
		return nil, err
	}
	return []string{
		n.curl(`{"jsonrpc":"2.0","id":1,"method":"timestampvm.ping","params":[]}`),
		n.curl(`{"jsonrpc":"2.0","id":2,"method":"timestampvm.proposeBlock","params":[{"data":"aGVsbG8gd29ybGQ="}]}`),
		n.curl(`{"jsonrpc":"2.0","id":3,"method":"timestampvm.lastAccepted","params":[]}`),
		n.curl(fmt.Sprintf(`{"jsonrpc":"2.0","id":4,"method":"timestampvm.getBlock","params":[{"id":"%s"}]}`, id)),
	}, nil
}

// StampLine returns a command that can be pasted into a shell anywhere, to stamp a file on the node by our program.
func (n *Node) StampLine() string {
	return fmt.Sprintf("date > /tmp/now.txt && '%s' stamp /tmp/now.txt --url %s", n.program.VM.Binary, n.ChainURL())
}

func (n *Node) curl(request string) string {
	return fmt.Sprintf("curl -s -w '\\n' -H 'content-type: application/json' --data '%s' %s", request, n.RPCURL())
}
