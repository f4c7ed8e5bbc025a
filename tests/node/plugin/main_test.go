package plugin

import (
	"fmt"
	"os"
	"testing"

	"github.com/timestampvm/timestampvm/tests/node/internal/artifact"
	_ "github.com/timestampvm/timestampvm/tests/node/internal/nodeversion" // plugins ask this program
)

// binary is the path of the plugin under test.
var binary string

func TestMain(m *testing.M) {
	var err error
	if binary, err = artifact.TimestampVM(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
