#!/bin/sh
# Does a step of run.sh for one release: tests/releases/client.sh build|run VERSION
set -u
step=$1 version=$2
mod=mods/$version.mod
protocol=$(sed -n 's|^// RPCChainVM protocol ||p' "$mod")
kept=../../build/clients/$version

main() {
	rm -f "$kept.log" "$kept.result"
	compile || {
		printf 'FAILED  %-9s  protocol %s  it does not compile\n' "$version" "$protocol" | tee "$kept.result"
		exit 1
	}
	[ "$step" = build ] || run
}

# Nothing of the plugin is in the program: it is made again when these sources, the release or Go itself changed.
compile() {
	made_of=$({ go version && cat ./*.go release/*.go client.sh "$mod" "${mod%.mod}.sum"; } | cksum)
	[ -x "$kept.test" ] && [ "$(cat "$kept.made-of")" = "$made_of" ] && return
	echo "compiling the client of $version"
	mkdir -p ../../build/clients
	go test -c -vet=off -ldflags='-s -w' -o "$kept.new" -modfile="$mod" -tags "$(seq -s , -f until%g "$protocol" 46)" . &&
		mv "$kept.new" "$kept.test" && echo "$made_of" >"$kept.made-of"
}

run() {
	echo "=== AvalancheGo $version, protocol $protocol" >"$kept.log"
	"$kept.test" -test.v -test.timeout 10m >>"$kept.log" 2>&1
	ended=$?
	[ "$ended" -eq 0 ] && result=ok || result=FAILED
	printf '%-6s  %-9s  protocol %s  %s tests passed\n' \
		"$result" "$version" "$protocol" "$(grep -c '^--- PASS' "$kept.log")" | tee "$kept.result"
	return "$ended"
}

main
