// Package stall makes the disk of plugins stall, as one does that fails or that others keep busy.
package stall

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
)

// ErrCannot says that no disk can be made to stall on this machine.
var ErrCannot = errors.New("a disk stalls on Linux only, where a C compiler (cc) is installed")

// Disk is what all plugins that are started by its script write to.
type Disk struct {
	folder string // of its own files
	writes string // what plugins sync below this folder stalls
}

// New makes a disk that keeps its own files in a folder. Networks have their folders among the temporary files, so what
// their plugins write there is on the disk.
func New(folder string) (Disk, error) {
	if _, err := exec.LookPath("cc"); err != nil || runtime.GOOS != "linux" {
		return Disk{}, ErrCannot
	}
	repository, err := artifact.Repository()
	if err != nil {
		return Disk{}, err
	}
	writes, err := filepath.EvalSymlinks(os.TempDir())
	if err != nil {
		return Disk{}, err
	}
	d := Disk{folder: folder, writes: writes}
	source := filepath.Join(repository, "tests", "disk", "recorder.c")
	build := exec.Command("cc", "-shared", "-fPIC", "-O2", "-o", d.library(), source, "-ldl", "-lpthread")
	if out, err := build.CombinedOutput(); err != nil {
		return Disk{}, fmt.Errorf("%w: %s", err, out)
	}
	return d, nil
}

// Script is a network.VM's. A plugin knows its node as the process that has started it.
func (d Disk) Script() string {
	return fmt.Sprintf("export LD_PRELOAD='%s' DISK='%s' JOURNAL=/dev/null STALL='%s'$PPID\nexec \"$PLUGIN\" \"$@\"\n",
		d.library(), d.writes, d.mark())
}

// Stall lets no sync begin of the plugins that the node with the process ID has started, until GoOn.
func (d Disk) Stall(node int) error {
	return os.WriteFile(d.markOf(node), nil, 0o600)
}

// GoOn ends a Stall.
func (d Disk) GoOn(node int) error {
	return os.Remove(d.markOf(node))
}

func (d Disk) library() string        { return filepath.Join(d.folder, "recorder.so") }
func (d Disk) mark() string           { return filepath.Join(d.folder, "stall-") }
func (d Disk) markOf(node int) string { return fmt.Sprintf("%s%d", d.mark(), node) }
