package network

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/ava-labs/avalanchego/ids"
)

// folder is where a network keeps everything it writes.
type folder string

func makeFolder() (folder, error) {
	path, err := os.MkdirTemp("", "timestampvm-network-")
	if err != nil {
		return "", err
	}
	// Processes are recognised by this path, so it must be the one they will see.
	path, err = filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	f := folder(path)
	for _, sub := range []string{f.plugins(), f.home(), f.networks()} {
		if err := os.Mkdir(sub, 0o755); err != nil {
			return "", err
		}
	}
	return f, nil
}

func (f folder) plugins() string  { return filepath.Join(string(f), "plugins") }
func (f folder) home() string     { return filepath.Join(string(f), "home") }
func (f folder) networks() string { return filepath.Join(string(f), "networks") }

// install copies a VM's executable to where the nodes look for it. It is a copy, so that a new build does not pull the
// running program away from under a node.
func (f folder) install(binary string, vmID ids.ID) error {
	from, err := os.Open(binary)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(f.plugins(), vmID.String()), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		return fmt.Errorf("installing %s: %w", binary, err)
	}
	return to.Close()
}

// endAndRemove ends every process that came from the folder, and removes it. Processes that do not stop by themselves are
// killed, and then the error says so.
func (f folder) endAndRemove(timeout time.Duration) error {
	return errors.Join(endProcesses(f.processes, timeout), os.RemoveAll(string(f)))
}

func (f folder) processes() ([]int, error) {
	return processesOf(string(f) + string(filepath.Separator))
}
