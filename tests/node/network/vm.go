package network

import (
	"encoding/json"
	"fmt"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/version"
)

// Name is the name of our VM.
const Name = "timestampvm"

// VMID is the ID under which AvalancheGo knows our VM.
var VMID = NamedVMID(Name)

// VM is what the chain of a network runs.
type VM struct {
	Name        string
	Binary      string   // path of the plugin's executable
	Genesis     []byte   // of the chain, as the plugin gets it
	VersionArgs []string // ask the executable for its protocol, where it can say that
	// Script is a shell script that nodes start in the place of the executable, which it finds in $PLUGIN: a node gives
	// its plugins no environment. None if "".
	Script string
}

// TimestampVM returns our VM, for a chain whose first block has the data.
func TimestampVM(binary, data string) (VM, error) {
	genesis, err := json.Marshal(map[string]string{"data": data})
	ask := []string{"version-json", "--rpcchainvm", fmt.Sprint(version.RPCChainVMProtocol)}
	return VM{Name: Name, Binary: binary, Genesis: genesis, VersionArgs: ask}, err
}

// ID returns the ID under which AvalancheGo knows the VM, and the name of the plugin's file.
func (v VM) ID() ids.ID {
	return NamedVMID(v.Name)
}

// NamedVMID returns the ID that stands for a VM's name: the name itself, padded with zeros.
func NamedVMID(name string) ids.ID {
	var id ids.ID
	if len(name) > len(id) {
		panic(fmt.Sprintf("VM name %q is longer than an ID", name))
	}
	copy(id[:], name)
	return id
}
