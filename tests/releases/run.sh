#!/bin/sh
# Runs the plugin under the code of AvalancheGo's releases: tests/releases/run.sh [build] [VERSION or PROTOCOL]...
# All releases in mods are run if none is named, and some for `differing`. With `build`, their tests are only compiled.
# TIMESTAMPVM_BINARY is the plugin's absolute path. VERIFIED_DIR, when set, gets a file for each release that passed.
set -u
cd "$(dirname "$0")" || exit 1

# The protocols in which something differs to the eye of the plugin. That of tests/node itself is 45.
differing='16 18 20 22 23 24 28 29 30 31 34 35 36 40 41 42 46'

main() {
	step=run
	[ "${1-}" = build ] && step=build && shift
	[ "${1-}" = differing ] && set -- $differing
	versions=$(versions_of "$@") || exit 1
	# Two at a time, each a compiler or a plugin and its client.
	echo "$versions" | xargs -n 1 -P 2 ./client.sh "$step"
	result=$?
	if [ "$step" = run ]; then
		for version in $versions; do cat "../../build/clients/$version.log" 2>/dev/null; done
		for version in $versions; do cat "../../build/clients/$version.result"; done
	fi
	exit "$result"
}

versions_of() {
	[ $# -gt 0 ] || set -- $(basename -s .mod mods/*.mod | sort -V)
	for name; do
		case $name in
		v*) mod=mods/$name.mod ;;
		*) mod=$(grep -l "^// RPCChainVM protocol $name\$" mods/*.mod) ;;
		esac
		[ -f "$mod" ] || { echo "no release $name in mods" >&2 && return 1; }
		basename -s .mod "$mod"
	done
}

main "$@"
