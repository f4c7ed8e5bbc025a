package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/shirou/gopsutil/process"
)

// Plugins get no TMPDIR.
const notePrefix = "/tmp/timestampvm-protocol-"

// Notes returns the files in which plugins noted what a node said of its protocol.
func Notes(node int) ([]string, error) {
	return filepath.Glob(fmt.Sprintf("%s%d-*", notePrefix, node))
}

// forgetNotes removes those about nodes that have ended, as the next plugin would: also about the ones that tmpnet has
// started and ended by itself. What another user put there is none of ours.
func forgetNotes() error {
	running, err := find(func(*process.Process, []string) bool { return true })
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, pid := range running {
		known[strconv.Itoa(pid)] = true
	}
	notes, err := filepath.Glob(notePrefix + "*-*")
	errs := []error{err}
	for _, note := range notes {
		node, _, _ := strings.Cut(strings.TrimPrefix(note, notePrefix), "-")
		if info, err := os.Lstat(note); known[node] || err != nil || !info.Mode().IsRegular() {
			continue
		}
		if err := os.Remove(note); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
