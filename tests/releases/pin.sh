#!/bin/sh
# Makes the module file of a release: tests/releases/pin.sh VERSION PROTOCOL [PACKAGE...]
# It covers these tests and the packages, such as github.com/ava-labs/avalanchego/main to build the node as well.
set -eu
cd "$(dirname "$0")"
version=$1 protocol=$2
shift 2
mod=mods/$version.mod sum=mods/$version.sum
cat >"$mod" <<END
// RPCChainVM protocol $protocol

module github.com/timestampvm/timestampvm/tests/releases

go 1.25.8

require (
	github.com/ava-labs/avalanchego $version
	github.com/stretchr/testify v1.11.1
	// Older ones do not build with today's Go.
	github.com/supranational/blst v0.3.14
)
END
# The checksum database has forgotten some of these, and the release has not.
release=$(go mod download -json "github.com/ava-labs/avalanchego@$version" | sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p')
grep '^github.com/ava-labs/coreth ' "$release/go.sum" >"$sum" || rm -f "$sum"
go list -mod=mod -modfile="$mod" -tags "$(seq -s , -f until%g "$protocol" 46)" -deps -test . "$@" >/dev/null
