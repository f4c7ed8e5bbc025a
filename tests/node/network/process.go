package network

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// ProtocolEnv is the environment variable by which an operator names the protocol to the plugin. Nodes pass it on.
const ProtocolEnv = "GRPC_TIMESTAMPVM_PROTOCOL"

// nodeProcess is a running node.
type nodeProcess struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
	err   error         // how it ended; to be read after that
}

// startProcess starts the node with a home of its own, and lets what it prints go into a file there.
func startProcess(binary string, args []string, dir string) (*nodeProcess, error) {
	output, err := os.OpenFile(filepath.Join(dir, outputName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "TMPDIR=" + dir}
	for _, name := range []string{"PATH", ProtocolEnv} {
		cmd.Env = append(cmd.Env, name+"="+os.Getenv(name))
	}
	cmd.Stdout = output
	cmd.Stderr = output
	// In a group of its own it does not hear the Ctrl-C that ends this program, and is ended in good order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &nodeProcess{cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// wait returns how the process ended. It is killed when that takes too long.
func (p *nodeProcess) wait(timeout time.Duration) error {
	select {
	case <-p.ended:
		return p.err
	case <-time.After(timeout):
	}
	err := fmt.Errorf("process %d did not end within %s", p.cmd.Process.Pid, timeout)
	if killErr := p.signal(syscall.SIGKILL); killErr != nil {
		return errors.Join(err, killErr)
	}
	<-p.ended
	return err
}

func (p *nodeProcess) signal(signal syscall.Signal) error {
	err := p.cmd.Process.Signal(signal)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
