// Package releases runs the plugin under the code of many releases of AvalancheGo, one for each RPCChainVM protocol.
//
// The folder mods has a module file for each release. run.sh builds and runs the same tests with each of them, and pin.sh
// makes the module file of one more.
package releases

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/timestampvm/timestampvm/tests/releases/release"
)

// binary is the path of the plugin under test.
var binary = os.Getenv("TIMESTAMPVM_BINARY")

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		// The plugin asks the program that started it for its protocol.
		fmt.Print(release.VersionOutput())
		return
	}
	if info, err := os.Stat(binary); err != nil || !filepath.IsAbs(binary) || !info.Mode().IsRegular() {
		fmt.Fprintln(os.Stderr, "Build the plugin, and set TIMESTAMPVM_BINARY to its absolute path.")
		os.Exit(1)
	}
	failed := m.Run()
	if failed == 0 && isWholeRun() {
		if err := writeFact(); err != nil {
			panic(err)
		}
	}
	os.Exit(failed)
}

func isWholeRun() bool {
	for _, narrowing := range []string{"test.run", "test.skip", "test.list"} {
		if flag.Lookup(narrowing).Value.String() != "" {
			return false
		}
	}
	return true
}

// writeFact notes for docs/operate.md that the release's client was seen to work with the plugin.
func writeFact() error {
	folder := os.Getenv("VERIFIED_DIR")
	if folder == "" {
		return nil
	}
	version := "v" + release.Version.String()[strings.Index(release.Version.String(), "/")+1:]
	fact, err := json.Marshal(map[string]any{"release": version, "protocol": release.Protocol, "how": "client"})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "client-"+version+".json"), append(fact, '\n'), 0o644)
}
