package network

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
	guardEnv = "TIMESTAMPVM_NETWORK_GUARD"

	// A guard acts when nobody waits for it, but a next network may want the machine.
	guardPatience = 10 * time.Second
)

// Nodes outlive the program that started them. A guard is a second process of the same program, which ends a network
// when the first is gone without having done so: interrupted, timed out, crashed or killed.
type guard struct {
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
	if err := folder(path).endAndRemove(guardPatience); err != nil {
		fmt.Fprintln(os.Stderr, "network guard:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func startGuard(f folder) (guard, error) {
	self, err := os.Executable()
	if err != nil {
		return guard{}, err
	}
	process := exec.Command(self)
	process.Env = append(os.Environ(), guardEnv+"="+string(f))
	process.Stderr = os.Stderr
	// In a session of its own it does not hear the Ctrl-C that ends the other program.
	process.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	held, err := process.StdinPipe()
	if err != nil {
		return guard{}, err
	}
	if err := process.Start(); err != nil {
		return guard{}, fmt.Errorf("starting the network's guard: %w", err)
	}
	return guard{process: process, held: held}, nil
}

// dismiss ends the guard, which removes what is still there.
func (g guard) dismiss() error {
	if err := g.held.Close(); err != nil {
		return err
	}
	return g.process.Wait()
}
