package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
)

// Name is the name of our VM.
const Name = "timestampvm"

// VMID is the ID under which AvalancheGo knows our VM.
var VMID = NamedVMID(Name)

// VM is what the chain of a network runs.
type VM struct {
	Name    string
	Binary  string // path of the plugin's executable
	Genesis []byte // of the chain, as the plugin gets it
	// Script is a shell script that nodes start in the place of the executable, which it finds in $PLUGIN: a node gives
	// its plugins no environment. None if "".
	Script string
}

// TimestampVM returns our VM, for a chain whose first block has the data.
func TimestampVM(binary, data string) (VM, error) {
	genesis, err := json.Marshal(map[string]string{"data": data})
	return VM{Name: Name, Binary: binary, Genesis: genesis}, err
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

// install puts the script or the executable into the folder plugins of a home.
func (v VM) install(home string) error {
	plugin := filepath.Join(home, "plugins", v.ID().String())
	if err := os.MkdirAll(filepath.Dir(plugin), 0o755); err != nil {
		return err
	}
	if v.Script == "" {
		return sandbox.Install(v.Binary, plugin)
	}
	program := filepath.Join(home, "program")
	script := fmt.Sprintf("#!/bin/sh\nPLUGIN='%s'\n%s", program, v.Script)
	return errors.Join(sandbox.Install(v.Binary, program), os.WriteFile(plugin, []byte(script), 0o755))
}
