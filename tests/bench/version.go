package main

import (
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/ava-labs/avalanchego/version"
)

// nodeProgram is where `make build/avalanchego` puts the node, as seen from this folder.
const nodeProgram = "../../build/avalanchego"

// A plugin asks the program that started it for its version. So this one answers as the node does: with the node's own
// program, where it is built, to take as long as that.
func init() {
	if !slices.Equal(os.Args[1:], []string{"--version"}) {
		return
	}
	_ = syscall.Exec(nodeProgram, []string{nodeProgram, "--version"}, nil)
	fmt.Printf("avalanchego/%s [rpcchainvm=%d]\n", version.Current.Semantic(), version.RPCChainVMProtocol)
	os.Exit(0)
}
