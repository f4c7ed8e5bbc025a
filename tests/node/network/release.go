package network

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// Release is a release of AvalancheGo that the plugin is to work with.
type Release struct {
	Version  string // such as v1.8.6
	Protocol int    // the RPCChainVM protocol that it speaks with its plugins
}

// Releases has one release for each protocol up to 45, oldest first; there is none with 32.
var Releases = []Release{
	{"v1.8.6", 16},
	{"v1.9.0", 17},
	{"v1.9.1", 18},
	{"v1.9.3", 19},
	{"v1.9.4", 20},
	{"v1.9.5", 21},
	{"v1.9.8", 22},
	{"v1.9.9", 23},
	{"v1.9.16", 24},
	{"v1.10.0", 25},
	{"v1.10.4", 26},
	{"v1.10.8", 27},
	{"v1.10.12", 28},
	{"v1.10.14", 29},
	{"v1.10.17", 30},
	{"v1.10.19", 31},
	{"v1.11.0", 33},
	{"v1.11.2", 34},
	{"v1.11.9", 35},
	{"v1.11.10", 36},
	{"v1.11.12", 37},
	{"v1.12.1", 38},
	{"v1.13.0", 39},
	{"v1.13.1", 40},
	{"v1.13.2", 41},
	{"v1.13.3", 42},
	{"v1.13.5", 43},
	{"v1.14.0", 44},
	{"v1.14.2", 45},
}

// Find returns the release of that version.
func Find(version string) (Release, error) {
	for _, release := range Releases {
		if release.Version == version {
			return release, nil
		}
	}
	return Release{}, fmt.Errorf("%s is not among the releases", version)
}

func (r Release) String() string {
	return r.Version
}

// current is the release that this module is made of.
var current = Releases[len(Releases)-1]

// flags are what the node is started with, to fetch what it has missed from some others.
func (n *Node) flags(from []*Node) map[string]string {
	bootstrapIDs, bootstrapIPs := namesOf(from)
	flags := map[string]string{
		"data-dir":                        n.Dir(),
		"network-id":                      strconv.Itoa(networkID),
		"http-host":                       loopback,
		"http-port":                       strconv.Itoa(n.httpPort),
		"public-ip":                       loopback,
		"staking-port":                    strconv.Itoa(n.stakingPort),
		"staking-tls-cert-file-content":   encoded(n.keys.certificate),
		"staking-tls-key-file-content":    encoded(n.keys.tls),
		"staking-signer-key-file-content": encoded(n.keys.signer.ToBytes()),
		"bootstrap-ids":                   bootstrapIDs,
		"bootstrap-ips":                   bootstrapIPs,
		// A node does not start with a limit above what the machine allows, and the default is above what many do.
		"fd-limit": "4096",
		// What a node says about a plugin that left in good order, it says no louder.
		"log-level":              "debug",
		"health-check-frequency": "1s",
	}
	if n.network.config.Staked {
		maps.Copy(flags, n.network.stakedFlags())
	}
	if !n.network.config.Staked || n.network.isMaking() {
		maps.Copy(flags, n.unstakedFlags())
	}
	maps.Copy(flags, n.placeFlags())
	maps.Copy(flags, n.network.config.Flags)
	maps.Copy(flags, n.network.config.FlagsOf[n.number])
	return flags
}

// placeFlags say where things are, and which chain is wanted.
func (n *Node) placeFlags() map[string]string {
	flags := map[string]string{}
	subnet, genesis := "track-subnets", "genesis-file"
	if n.program.Release.Protocol <= 21 { // v1.9.5
		subnet = "whitelisted-subnets"
		flags["build-dir"] = n.vmHome
	} else {
		flags["plugin-dir"] = n.PluginDir()
	}
	if n.program.Release.Protocol <= 25 { // v1.10.0
		genesis = "genesis"
	} else {
		flags["staking-host"] = loopback // since v1.10.4
	}
	flags[genesis] = n.network.genesisFile()
	if !n.network.isMaking() {
		flags[subnet] = n.network.subnetID.String()
	}
	return flags
}

// stakedFlags are for the one release that has such networks here. A block follows its parent at once, where AvalancheGo
// leaves a second between them.
func (n *Network) stakedFlags() map[string]string {
	flags := map[string]string{
		"log-level":                                               "info",
		"api-admin-enabled":                                       "true",
		"network-max-reconnect-delay":                             "1s",
		"network-peer-list-pull-gossip-frequency":                 "250ms",
		"proposervm-min-block-delay":                              "0s",
		"proposervm-use-current-height":                           "true",
		"system-tracker-disk-required-available-space-percentage": "0",
		"system-tracker-disk-warning-available-space-percentage":  "0",
	}
	if n.config.Subnet != nil && !n.isMaking() {
		configs, err := json.Marshal(map[string]any{n.subnetID.String(): n.config.Subnet})
		if err != nil {
			panic(err) // the tests' own
		}
		flags["subnet-config-content"] = encoded(configs)
	}
	return flags
}

// unstakedFlags let all nodes validate everything: each is asked each time, once because none weighs more than one, and
// most of them decide. They would not hear of each other from those they fetch from. There is no state to sync, but they
// connect.
func (n *Node) unstakedFlags() map[string]string {
	voters := len(n.network.nodes)
	if n.network.isMaking() {
		voters = 1
	}
	otherIDs, otherIPs := namesOf(n.others())
	flags := map[string]string{
		"state-sync-ids":   otherIDs,
		"state-sync-ips":   otherIPs,
		"snow-sample-size": strconv.Itoa(voters),
		"snow-quorum-size": strconv.Itoa(voters/2 + 1),
	}
	if n.program.Release.Protocol <= 25 { // v1.10.0
		flags["staking-enabled"] = "false"
		flags["staking-disabled-weight"] = "1"
		flags["snow-mixed-query-num-push-vdr"] = strconv.Itoa(voters)
	} else {
		flags["sybil-protection-enabled"] = "false"
		flags["sybil-protection-disabled-weight"] = "1"
	}
	return flags
}

// namesOf are the IDs of nodes, and where these listen for others.
func namesOf(nodes []*Node) (nodeIDs, addresses string) {
	var allIDs, allAddresses []string
	for _, node := range nodes {
		allIDs = append(allIDs, node.ID().String())
		allAddresses = append(allAddresses, at(node.stakingPort))
	}
	return strings.Join(allIDs, ","), strings.Join(allAddresses, ",")
}

func encoded(bytes []byte) string {
	return base64.StdEncoding.EncodeToString(bytes)
}
