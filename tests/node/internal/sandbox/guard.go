package sandbox

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	// guardEnv makes this program a guard of the folder it names.
	guardEnv = "TIMESTAMPVM_SANDBOX_GUARD"

	// A guard acts when nobody waits for it, but a next network may want the machine.
	guardPatience = 10 * time.Second
)

// Guard ends a folder's processes when this program is gone without having done so: interrupted, timed out, crashed or
// killed. Nodes outlive the program that started them, so it is a second process of the same program.
type Guard struct {
	process *exec.Cmd
	held    io.Closer // closed by the system at the latest, when this program ends
}

// It is here and not in the hands of each main function, because a main function that forgot would run twice.
func init() {
	path := os.Getenv(guardEnv)
	if path == "" {
		return
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the other program is gone
	if err := Folder(path).EndAndRemove(guardPatience); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox guard:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// StartGuard starts a guard of the folder.
func StartGuard(f Folder) (Guard, error) {
	self, err := os.Executable()
	if err != nil {
		return Guard{}, err
	}
	process := exec.Command(self)
	process.Env = append(os.Environ(), guardEnv+"="+string(f))
	process.Stderr = os.Stderr
	// In a session of its own it does not hear the Ctrl-C that ends the other program.
	process.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	held, err := process.StdinPipe()
	if err != nil {
		return Guard{}, err
	}
	if err := process.Start(); err != nil {
		return Guard{}, fmt.Errorf("starting the guard: %w", err)
	}
	return Guard{process: process, held: held}, nil
}

// Dismiss ends the guard, which removes what is still there.
func (g Guard) Dismiss() error {
	if err := g.held.Close(); err != nil {
		return err
	}
	return g.process.Wait()
}
