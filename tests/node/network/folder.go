package network

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ava-labs/avalanchego/ids"

	"github.com/timestampvm/timestampvm/tests/node/internal/sandbox"
)

// folder is where a network keeps everything it writes.
type folder struct {
	sandbox.Folder
}

func makeFolder() (folder, error) {
	made, err := sandbox.Make("timestampvm-network-")
	if err != nil {
		return folder{}, err
	}
	f := folder{made}
	for _, sub := range []string{f.plugins(), f.programs(), f.home(), f.networks()} {
		if err := os.Mkdir(sub, 0o755); err != nil {
			return folder{}, err
		}
	}
	return f, nil
}

func (f folder) plugins() string  { return f.Path("plugins") }
func (f folder) programs() string { return f.Path("programs") }
func (f folder) home() string     { return f.Path("home") }
func (f folder) networks() string { return f.Path("networks") }

// installVM puts a VM's script or executable where the nodes look for it.
func (f folder) installVM(vm VM) error {
	if vm.Script == "" {
		return f.install(vm.Binary, vm.ID())
	}
	program := filepath.Join(f.programs(), vm.ID().String())
	if err := sandbox.Install(vm.Binary, program); err != nil {
		return err
	}
	script := fmt.Sprintf("#!/bin/sh\nPLUGIN='%s'\n%s", program, vm.Script)
	return os.WriteFile(filepath.Join(f.plugins(), vm.ID().String()), []byte(script), 0o755)
}

// install puts an executable where the nodes look for it.
func (f folder) install(binary string, vmID ids.ID) error {
	return sandbox.Install(binary, filepath.Join(f.plugins(), vmID.String()))
}
