// Package liveness tells whether a process still holds anything.
package liveness

import "github.com/shirou/gopsutil/process"

// IsRunning does not count a process that ended and that nobody waited for yet: it holds nothing any more.
func IsRunning(pid int) bool {
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return false
	}
	status, err := p.Status()
	return err == nil && status != "Z"
}
