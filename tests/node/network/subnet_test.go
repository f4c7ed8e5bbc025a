package network_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ava-labs/avalanchego/genesis"

	"github.com/timestampvm/timestampvm/tests/node/network"
)

// What the documents show makes a second chain, of which the nodes know the VM, the first block and the validators.
func testSubnetCommand(t *testing.T, n *network.Network) {
	node := n.Nodes()[0]
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte(genesis.EWOQKey.String()+"\n"), 0o600))
	subnet := func(args ...string) string {
		command := exec.CommandContext(t.Context(), "go", append([]string{"run", "../cmd/subnet", "-node", node.URL(), "-key", key}, args...)...)
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}

	made := regexp.MustCompile(`^subnet (\w+)\nchain (\w+)\n$`).FindStringSubmatch(subnet("create", `{"data":"hello world"}`))
	require.Len(t, made, 3)
	first, second := n.Nodes()[0].ID().String(), n.Nodes()[1].ID().String()
	added := strings.Fields(subnet("add", made[1], first, second))
	require.ElementsMatch(t, []string{"added", first, "added", second}, added)

	var chains struct {
		Blockchains []struct{ ID, SubnetID, VMID string }
	}
	require.NoError(t, node.Call(t.Context(), "platform.getBlockchains", struct{}{}, &chains))
	require.Contains(t, chains.Blockchains, struct{ ID, SubnetID, VMID string }{made[2], made[1], network.VMID.String()})
	var validating struct {
		Validators []struct{ NodeID string }
	}
	asked := map[string]string{"subnetID": made[1]}
	require.NoError(t, node.Call(t.Context(), "platform.getCurrentValidators", asked, &validating))
	require.Len(t, validating.Validators, 2)
}
