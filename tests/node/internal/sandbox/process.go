package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/process"
)

// ChildrenOf returns the processes that were started by the parent from a program in the folder.
func ChildrenOf(parent int, folder string) ([]int, error) {
	return find(func(p *process.Process, command []string) bool {
		ppid, err := p.Ppid()
		return err == nil && int(ppid) == parent && strings.HasPrefix(command[0], folder)
	})
}

// processesOf returns the processes that were started from the folder or with a file in it.
func processesOf(folder string) ([]int, error) {
	return find(func(_ *process.Process, command []string) bool {
		return slices.ContainsFunc(command, func(word string) bool { return strings.Contains(word, folder) })
	})
}

func find(wanted func(*process.Process, []string) bool) ([]int, error) {
	all, err := process.Processes()
	if err != nil {
		return nil, err
	}
	var found []int
	for _, p := range all {
		// A process may end while we look, and one that ended but was not waited for has no command line.
		if command, err := p.CmdlineSlice(); err == nil && len(command) > 0 && wanted(p, command) {
			found = append(found, int(p.Pid))
		}
	}
	return found, nil
}

// endProcesses asks all to stop, and after the timeout kills those that did not.
func endProcesses(list func() ([]int, error), timeout time.Duration) error {
	asked, err := list()
	if err != nil {
		return err
	}
	for _, pid := range asked {
		_ = syscall.Kill(pid, syscall.SIGTERM)
	}
	left, err := awaitNone(list, timeout)
	if err != nil || len(left) == 0 {
		return err
	}
	for _, pid := range left {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_, err = awaitNone(list, timeout)
	return errors.Join(err, fmt.Errorf("processes %v did not stop within %s and were killed", left, timeout))
}

func awaitNone(list func() ([]int, error), timeout time.Duration) ([]int, error) {
	for deadline := time.Now().Add(timeout); ; time.Sleep(50 * time.Millisecond) {
		left, err := list()
		if err != nil || len(left) == 0 || time.Now().After(deadline) {
			return left, err
		}
	}
}
