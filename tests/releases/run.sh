#!/bin/sh
# Runs the plugin under the code of the releases named, or of all in mods: tests/releases/run.sh [VERSION...]
# TIMESTAMPVM_BINARY is the plugin's absolute path. VERIFIED_DIR, when set, gets a file for each release that passed.
set -u
cd "$(dirname "$0")" || exit 1
[ $# -gt 0 ] || set -- $(basename -s .mod mods/*.mod | sort -V)
log=$(mktemp)
summary=$(mktemp)
trap 'rm -f "$log" "$summary"' EXIT
failed=0

for version; do
	mod=mods/$version.mod
	protocol=$(sed -n 's|^// RPCChainVM protocol ||p' "$mod")
	echo "=== AvalancheGo $version, protocol $protocol"
	result=ok
	go test -v -count=1 -timeout 10m -modfile="$mod" -tags "$(seq -s , -f until%g "$protocol" 46)" . >"$log" 2>&1 || result=FAILED failed=1
	cat "$log"
	printf '%-6s  %-9s  protocol %s  %s tests passed\n' "$result" "$version" "$protocol" "$(grep -c '^--- PASS' "$log")" >>"$summary"
done

cat "$summary"
exit "$failed"
