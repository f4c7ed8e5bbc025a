package releases

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
)

// BinariesEnv names the folder with the releases' executables, such as avalanchego-v1.8.6.
const BinariesEnv = "AVALANCHEGO_DIR"

// With returns the release with a plugin, ready to run.
func (r Release) With(plugin string) (Program, error) {
	folder := os.Getenv(BinariesEnv)
	if folder == "" {
		return Program{}, fmt.Errorf("%s does not say where the releases of AvalancheGo are", BinariesEnv)
	}
	what, cure := "AvalancheGo "+r.Version, fmt.Sprintf("put it where %s says", BinariesEnv)
	binary, err := artifact.Executable(what, filepath.Join(folder, "avalanchego-"+r.Version), cure)
	if err != nil {
		return Program{}, err
	}
	return Program{Release: r, AvalancheGo: binary, Plugin: plugin}, nil
}
