// Package artifact says where the programs under test are.
package artifact

import (
	"fmt"
	"os"
	"path/filepath"
)

// Environment variables that name the programs under test.
const (
	TimestampVMEnv = "TIMESTAMPVM_BINARY"
	BreakableEnv   = "BREAKABLE_BINARY"
	CounterEnv     = "COUNTER_BINARY"
	AvalancheGoEnv = "AVALANCHEGO_PATH"
)

// TimestampVM returns the absolute path of the plugin binary. It looks at TIMESTAMPVM_BINARY first, then where
// `make build` puts it.
func TimestampVM() (string, error) {
	return find("the timestampvm binary", TimestampVMEnv, "timestampvm", "make build")
}

// Breakable returns the absolute path of our plugin with a clients' thread that SIGUSR2 breaks. It looks at
// BREAKABLE_BINARY first, then in the build folder.
func Breakable() (string, error) {
	return find("the breakable plugin", BreakableEnv, "breakable", "make build/breakable")
}

// Counter returns the absolute path of the example of a VM. It looks at COUNTER_BINARY first, then in the build folder.
func Counter() (string, error) {
	return find("the counter", CounterEnv, "counter", "make build/counter")
}

// AvalancheGo returns the absolute path of the node. It looks at AVALANCHEGO_PATH first, then in the build folder.
func AvalancheGo() (string, error) {
	return find("AvalancheGo", AvalancheGoEnv, "avalanchego",
		"go build -o ../../build/avalanchego github.com/ava-labs/avalanchego/main")
}

func find(what, env, name, cure string) (string, error) {
	if path := os.Getenv(env); path != "" {
		return Executable(what, path, fmt.Sprintf("point %s at an executable file", env))
	}
	repository, err := Repository()
	if err != nil {
		return "", err
	}
	return Executable(what, filepath.Join(repository, "build", name), fmt.Sprintf("build it with `%s`, or set %s", cure, env))
}

// Executable returns the absolute path of an executable file. Its error says what is not there, and the cure.
func Executable(what, path, cure string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s is not there: %w: %s", what, err, cure)
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		return "", fmt.Errorf("%s at %s is no executable file: %s", what, path, cure)
	}
	return path, nil
}

// Repository returns the root of the repository: this module sits two folders below the root, and tests and programs may
// start anywhere inside the module, or at the root.
func Repository() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return filepath.Join(folder, "..", ".."), nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return ".", nil
		}
		folder = parent
	}
}
