package releases

import (
	"fmt"
	"os"
	"path/filepath"
)

// BinariesEnv names the folder with the releases' executables, such as avalanchego-v1.8.6.
const BinariesEnv = "AVALANCHEGO_DIR"

// With returns the release with a plugin, ready to run.
func (r Release) With(plugin string) (Program, error) {
	folder := os.Getenv(BinariesEnv)
	if folder == "" {
		return Program{}, fmt.Errorf("%s does not say where the releases of AvalancheGo are", BinariesEnv)
	}
	binary, err := filepath.Abs(filepath.Join(folder, "avalanchego-"+r.Version))
	if err != nil {
		return Program{}, err
	}
	info, err := os.Stat(binary)
	if err != nil {
		return Program{}, fmt.Errorf("AvalancheGo %s is not where %s says: %w", r, BinariesEnv, err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
		return Program{}, fmt.Errorf("%s is no executable file", binary)
	}
	return Program{Release: r, AvalancheGo: binary, Plugin: plugin}, nil
}
