// Package sandbox keeps everything a network of nodes writes in one temporary folder, whose path also tells its processes
// from all others. It ends them and removes the folder, even when the program that started them is gone.
package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Folder is where a network keeps everything it writes.
type Folder string

// Make makes an empty folder among the temporary files.
func Make(prefix string) (Folder, error) {
	path, err := os.MkdirTemp("", prefix)
	if err != nil {
		return "", err
	}
	// Processes are recognised by this path, so it must be the one they will see.
	path, err = filepath.EvalSymlinks(path)
	return Folder(path), err
}

// Path returns the path of something inside the folder.
func (f Folder) Path(names ...string) string {
	return filepath.Join(append([]string{string(f)}, names...)...)
}

// EndAndRemove ends every process that came from the folder, and removes it with what plugins noted elsewhere. Processes
// that do not stop by themselves are killed, and then the error says so.
func (f Folder) EndAndRemove(timeout time.Duration) error {
	return errors.Join(endProcesses(f.Processes, timeout), forgetNotes(), os.RemoveAll(string(f)))
}

// Processes returns the processes that were started from the folder or with a file in it.
func (f Folder) Processes() ([]int, error) {
	return processesOf(string(f) + string(filepath.Separator))
}

// Install copies an executable to where nodes look for it. It is a copy, so that a new build does not pull the running
// program away from under a node; and it replaces what was there, which a node may still run.
func Install(binary, path string) error {
	from, err := os.Open(binary)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		return fmt.Errorf("installing %s: %w", binary, err)
	}
	if err := to.Close(); err != nil {
		return err
	}
	return os.Rename(to.Name(), path)
}
