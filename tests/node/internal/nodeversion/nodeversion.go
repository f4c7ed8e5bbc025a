// Package nodeversion makes every program that imports it answer --version as AvalancheGo does: by asking the program
// that started it, a plugin learns which protocol to speak.
package nodeversion

import (
	"fmt"
	"os"
	"slices"

	"github.com/ava-labs/avalanchego/version"
)

func init() {
	if slices.Equal(os.Args[1:], []string{"--version"}) {
		fmt.Println(version.GetVersions())
		os.Exit(0)
	}
}
