package network

import (
	"fmt"

	"github.com/ava-labs/avalanchego/ids"
)

// VMID is the ID under which AvalancheGo knows the VM, and the name of the plugin's file.
var VMID = NamedVMID("timestampvm")

// NamedVMID returns the ID that stands for a VM's name: the name itself, padded with zeros.
func NamedVMID(name string) ids.ID {
	var id ids.ID
	if len(name) > len(id) {
		panic(fmt.Sprintf("VM name %q is longer than an ID", name))
	}
	copy(id[:], name)
	return id
}
