package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/shirou/gopsutil/process"
)

// Where the plugins of any VM note what a node said of its protocol: they get no TMPDIR.
const notePaths = "/tmp/*-protocol-%s-*"

var noteOfNode = regexp.MustCompile(`^/tmp/[a-z0-9-]+-protocol-(\d+)-[0-9a-f]{32}-[0-9a-f]{16}$`)

// Notes returns the files in which plugins noted what a node said of its protocol.
func Notes(node int) ([]string, error) {
	return filepath.Glob(fmt.Sprintf(notePaths, strconv.Itoa(node)))
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
	notes, err := filepath.Glob(fmt.Sprintf(notePaths, "*"))
	errs := []error{err}
	for _, note := range notes {
		node := noteOfNode.FindStringSubmatch(note)
		if info, err := os.Lstat(note); node == nil || known[node[1]] || err != nil || !info.Mode().IsRegular() {
			continue
		}
		if err := os.Remove(note); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
