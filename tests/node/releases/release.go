package releases

import (
	"fmt"
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

// place is what a node is told about where it is.
type place struct {
	dir         string // everything of this node, with its plugins in plugins/
	genesis     string // file
	subnet      string // ID, empty as long as there is none
	httpPort    int
	stakingPort int
	nodes       int   // in the whole network
	first       peers // the first node, for all but itself
	others      peers
}

// peers are some other nodes: their IDs, and in the same order their addresses.
type peers struct {
	ids, addresses []string
}

// flags are what the release's node is started with. Where a node listens for its peers can be told since v1.10.4 only.
func (r Release) flags(p place) map[string]string {
	flags := map[string]string{
		"data-dir":     p.dir,
		"network-id":   strconv.Itoa(networkID),
		"http-host":    loopback,
		"http-port":    strconv.Itoa(p.httpPort),
		"public-ip":    loopback,
		"staking-port": strconv.Itoa(p.stakingPort),
		// The first node goes on from what it has, and the others from what the first has.
		"bootstrap-ids": strings.Join(p.first.ids, ","),
		"bootstrap-ips": strings.Join(p.first.addresses, ","),
		// They would not hear of each other from the first one. There is no state to sync, but they connect.
		"state-sync-ids": strings.Join(p.others.ids, ","),
		"state-sync-ips": strings.Join(p.others.addresses, ","),
		// All nodes are asked each time, each once because none weighs more than one, and most of them decide.
		"snow-sample-size": strconv.Itoa(p.nodes),
		"snow-quorum-size": strconv.Itoa(p.nodes/2 + 1),
		// A node does not start with a limit above what the machine allows, and the default is above what many do.
		"fd-limit": "4096",
		// What a node says about a plugin that left in good order, it says no louder.
		"log-level":              "debug",
		"health-check-frequency": "1s",
	}
	if r.Protocol <= 21 { // v1.9.5
		flags["build-dir"] = p.dir // has plugins/ in it, where the newer ones look for them by themselves
		flags["whitelisted-subnets"] = p.subnet
	} else {
		flags["track-subnets"] = p.subnet
	}
	if r.Protocol <= 25 { // v1.10.0
		flags["genesis"] = p.genesis
		flags["staking-enabled"] = "false"
		flags["staking-disabled-weight"] = "1"
		flags["snow-mixed-query-num-push-vdr"] = strconv.Itoa(p.nodes)
	} else {
		flags["genesis-file"] = p.genesis
		flags["sybil-protection-enabled"] = "false"
		flags["sybil-protection-disabled-weight"] = "1"
		flags["staking-host"] = loopback
	}
	return flags
}
