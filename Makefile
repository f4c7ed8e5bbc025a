# `make` alone prints this list. Everything but make, and node with npm or bun, is installed on first use.

bun_version := 1.4.5
bun := node_modules/.bin/bun
binary := build/timestampvm
vm_id := tGas3T58KzdjcJ2iKSyiYsWiqYctRXaPTqBCA11BqEkNg8kPc
sources := $(shell find src gen -name '*.ts' -o -name '*.tsx' -o -name '*.css') package.json tsconfig.json THIRD_PARTY_LICENSES.txt
# How many nodes `make network` starts, and with a chain of what: a VM's binary, its name, and the text of its genesis.
# Of these, the environment sets the first alone: some systems have a NAME of their own.
NODES ?= 3
BINARY = $(binary)
NAME = timestampvm
GENESIS = Hello from timestampvm!
# Where `make install` puts the binary. Not every shell expands a ~ there.
prefix = /usr/local
PREFIX = $(prefix)
bindir = $(PREFIX)/bin
in_home = $(patsubst ~/%,$(HOME)/%,$(1))
bin_dir = $(call in_home,$(DESTDIR)$(call in_home,$(bindir)))
plugin_dir = $(call in_home,$(DESTDIR)$(call in_home,$(PLUGIN_DIR)))
share_dir = $(call in_home,$(DESTDIR)$(call in_home,$(PREFIX)/share))
# The manual page, and what shells know of the commands.
shell_files := man/man1/timestampvm.1 bash-completion/completions/timestampvm zsh/site-functions/_timestampvm \
	fish/vendor_completions.d/timestampvm.fish
# Puts the binary into a directory in one step: a running one keeps its file. A node passes over the name before.
define put_into
	@install -d '$(1)'
	@install -m 755 $(binary) '$(1)/.timestampvm-new'
	@mv -f '$(1)/.timestampvm-new' '$(1)/$(2)'
	@echo 'installed $(1)/$(2)'
endef
# How often `make chaos` kills a plugin, and for how long it then torments a network.
KILLS ?= 1000
MINUTES ?= 10
# For how long `make fuzz` goes on in each test.
FUZZ_SECONDS ?= 30
# A checkout of another commit, with its node_modules, beside which `make bench` measures the store of this one.
before = $(if $(BEFORE),--before '$(call in_home,$(BEFORE))')
oracle := build/oracle/release/oracle
# The releases of which whole nodes are run; tests/releases/mods has a module file for each, and for many more.
releases := v1.8.6 v1.9.8 v1.10.12 v1.11.9 v1.13.2 v1.14.2
# Those of `make node-test`: between them, a node starts its plugins in each way that there was.
node_releases := v1.8.6 v1.9.8 v1.10.12 v1.14.2
rs := build/rs/bin/timestampvm
rs_version := 0.0.18

# Under which protocols `make protocol-test` runs.
PROTOCOLS ?= $(shell seq 16 46)
# The tests with a fake node, which has the protocol of the run; the one that goes through all of them has its own.
fake_node_tests = $(shell grep -lE 'support/fake-node|testProtocol' tests/rpcchainvm/*.binary.test.ts tests/plugin/*.binary.test.ts | grep -v every-protocol)
# In ms, for each test: a machine that is busy with other things is slow, and what hangs still ends.
bun_test := $(bun) test --timeout=$(if $(LONG_TESTS),3600000,300000)
# As many files at a time as there are cores, those first that took longest the last time. What passes is counted.
in_turn := --parallel --only-failures --timings=build/timings.json --update-timings
# With COVERAGE=1, a target notes which lines it ran, and `make test-binary` demands that enough were, by both.
measured = $(if $(COVERAGE),--coverage --coverage-dir=build/coverage/$@)
# What the tests start is the binary, and where they note what they have seen to work.
tested := TIMESTAMPVM_BINARY=$(CURDIR)/$(binary)
verified := $(CURDIR)/build/verified
# Without --no-compile-autoload-*, a binary would run what a bunfig.toml in the node's directory names, and without the
# "--" what the variable BUN_OPTIONS says: Bun reads that as options that come before it.
compile := $(bun) build --compile --minify --bytecode --format=esm --sourcemap \
	--no-compile-autoload-dotenv --no-compile-autoload-bunfig --compile-exec-argv=--
# Where threads of the binary begin, which are in it beside what main.ts imports.
threads := src/clients/worker.ts $(addprefix src/disk/,checkpoint-worker.ts upgrade-worker.ts) src/operator/backup-worker.ts
facts := VERIFIED_DIR=$(verified) $(tested)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run install uninstall test test-binary check fix gen build format-check lint types gen-check \
	package mutations node-test node-builds protocol-test release-test network chaos fuzz bench attack clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## a development chain, and what to try with it
	@exec $(binary) dev

test: build ## what is tested in process, and one life of the binary: about a minute
	$(tested) $(bun_test) $(in_turn) $(measured) --path-ignore-patterns='**/*.binary.test.ts'

test-binary: build ## what starts the binary: a fake node of every protocol, faults, kills, the page, the documents
	$(tested) $(bun_test) $(in_turn) $(measured) .binary.test
	$(if $(COVERAGE),$(bun) tests/support/coverage.ts build/coverage/test build/coverage/test-binary)

check: format-check lint types gen-check test ## everything that must pass before a commit; writes nothing

fix: node_modules ## format, and apply safe fixes
	$(bun) run --bun biome check --write

gen: node_modules ## generate gen/ from proto/, what documents have from the code, and the licences of what is in the binary
	$(bun) run --bun buf generate
	$(bun) tests/documents/generate.ts
	$(bun) tests/documents/plots.ts
	$(bun) tests/licenses/notice.ts THIRD_PARTY_LICENSES.txt

build: $(binary) ## the binary, build/timestampvm
	@test "$$($(binary) vm-id timestampvm)" = $(vm_id)

install: build ## the binary and its manual page in PREFIX=/usr/local, and in the node's PLUGIN_DIR= under its VM id; below DESTDIR=
	$(call put_into,$(bin_dir),timestampvm)
	$(if $(PLUGIN_DIR),$(call put_into,$(plugin_dir),$(vm_id)))
	@install -d $(foreach file,$(shell_files),'$(share_dir)/$(dir $(file))')
	@$(binary) man > '$(share_dir)/man/man1/timestampvm.1'
	@$(binary) completion bash > '$(share_dir)/bash-completion/completions/timestampvm'
	@$(binary) completion zsh > '$(share_dir)/zsh/site-functions/_timestampvm'
	@$(binary) completion fish > '$(share_dir)/fish/vendor_completions.d/timestampvm.fish'

uninstall: ## remove what `make install` put there, by the same variables
	rm -f '$(bin_dir)/timestampvm' $(if $(PLUGIN_DIR),'$(plugin_dir)/$(vm_id)') \
		$(foreach file,$(shell_files),'$(share_dir)/$(file)')

package: node_modules ## the package for other programs, build/timestampvm-VERSION.tgz
	$(bun) pm pack --destination build

$(binary): $(sources) | node_modules
	$(compile) src/main.ts $(threads) --outfile $@

# For tests: its clients' thread can be broken.
build/breakable: tests/support/breakable-plugin.ts tests/support/breakable-clients.ts $(sources) | node_modules
	$(compile) $< tests/support/breakable-clients.ts $(threads) --outfile $@

build/counter: examples/counter/counter.ts $(sources) | node_modules
	$(compile) $< --outfile $@

node-test: build build/counter build/breakable ## the binary under AvalancheGo's own code, clients and nodes of releases, and real networks (needs Go)
	@if command -v go >/dev/null; then $(MAKE) node-builds && $(node_tests); \
	else echo 'node-test: skipped, Go is not installed'; fi

node-builds: $(addprefix build/avalanchego-,$(node_releases)) ## what `make node-test` runs the binary under (needs Go)
	tests/releases/run.sh build differing

protocol-test: build ## the plugin's tests again under each of PROTOCOLS="16 … 46"
	@for protocol in $(PROTOCOLS); do echo "== protocol $$protocol"; \
		TEST_PROTOCOL=$$protocol $(tested) $(bun_test) --parallel $(fake_node_tests) || exit 1; done

release-test: build ## the binary under the clients and nodes of many releases; writes the table of docs/operate.md (needs Go, cargo)
	@rm -rf $(verified)
	$(facts) $(bun_test) tests/rpcchainvm/every-protocol.binary.test.ts
	$(MAKE) protocol-test PROTOCOLS='16 19 20 22 23 24 29 30 33 35 36 40 42' # the first with each difference
	$(facts) tests/releases/run.sh
	GENERATOR=run $(tested) $(bun_test) tests/api/generated-client.binary.test.ts
	$(MAKE) $(addprefix build/avalanchego-,$(releases)) $(rs)
	cd tests/node && $(facts) AVALANCHEGO_DIR=$(CURDIR)/build RS=$(CURDIR)/$(rs) \
		go test -v -count=1 -timeout 40m ./releases
	$(bun) tests/documents/protocols-table.ts $(verified) docs/operate.md

network: $(call in_home,$(BINARY)) build/avalanchego ## NODES=3 nodes with a chain of this binary, or of BINARY= NAME= GENESIS= (needs Go)
	cd tests/node && go build -o ../../build/network ./cmd/network
	@exec build/network -nodes $(NODES) -binary '$(call in_home,$(BINARY))' -name '$(NAME)' -genesis '$(GENESIS)' \
		-avalanchego build/avalanchego

chaos: build build/breakable build/avalanchego ## break a plugin KILLS=1000 times and a network for twice MINUTES=10; SEED=n repeats (needs Go)
	cd tests/node && go build -o ../../build/chaos ./cmd/chaos
	build/chaos -mode plugin -kills $(KILLS) -binary $(binary) $(if $(SEED),-seed $(SEED))
	build/chaos -minutes $(MINUTES) -binary $(binary) -avalanchego build/avalanchego $(if $(SEED),-seed $(SEED))
	build/chaos -mode siege -nodes 3 -minutes $(MINUTES) -binary build/breakable -avalanchego build/avalanchego \
		$(if $(SEED),-seed $(SEED))

mutations: node_modules ## that the tests notice each small change of the source that tests/README.md lists
	$(bun) tests/support/mutations.ts

fuzz: node_modules ## what peers can send, changed at random for FUZZ_SECONDS=30 in each test
	@if command -v cargo >/dev/null; then $(MAKE) $(oracle); else echo 'fuzz: not compared with serde, cargo is not installed'; fi
	FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_ORACLE=$$(ls $(oracle) 2>/dev/null) $(bun_test) tests/fuzz

bench: build ## benchmarks as tables, beside timestampvm-rs where it is installed; LONG=1 with a million blocks (needs Go)
	cd tests/bench && $(tested) go run . $(BENCH)
	$(tested) $(bun) tests/bench/people/main.ts
	$(bun) tests/bench/store/main.ts $(before)
	$(tested) $(bun) tests/bench/scale/main.ts $(if $(LONG),--long) $(before)

attack: build ## what attacks by clients and peers do to the binary, as a table (needs Go)
	cd tests/bench && $(tested) go run . -attack

# Tests that need other nodes, timestampvm-rs, or much time: for `make release-test`.
of_releases := ^(TestMixedNetwork|TestNetwork|TestDowngrade)$$
node_tests := (cd tests/attack && go test -v -count=1 ./...) && $(tested) tests/releases/run.sh differing && \
	cd tests/node && $(tested) AVALANCHEGO_PATH=$(CURDIR)/build/avalanchego \
	AVALANCHEGO_DIR=$(CURDIR)/build RELEASES='$(node_releases)' \
	go test -v -count=1 -p 1 -timeout 30m ./... -skip '$(of_releases)' && \
	cd $(CURDIR) && TUTORIAL=run $(bun_test) tests/documents/tutorial.binary.test.ts tests/documents/network.binary.test.ts

build/avalanchego-%: tests/releases/mods/%.mod tests/releases/mods/%.sum
	cd tests/releases && go build -modfile=mods/$*.mod -ldflags=-checklinkname=0 -o ../../$@ github.com/ava-labs/avalanchego/main

# The one of tests/node.
build/avalanchego-v1.14.2: build/avalanchego
	ln -f $< $@

$(rs):
	cargo install timestampvm --version $(rs_version) --locked --root build/rs

build/avalanchego: tests/node/go.mod tests/node/go.sum
	cd tests/node && go build -o ../../$@ github.com/ava-labs/avalanchego/main

$(oracle): $(wildcard tests/fuzz/oracle/Cargo.* tests/fuzz/oracle/src/*.rs)
	cargo build --release --locked --manifest-path tests/fuzz/oracle/Cargo.toml --target-dir build/oracle
	@touch $@

format-check: node_modules
	$(bun) run --bun biome format

lint: node_modules
	$(bun) run --bun biome lint --error-on-warnings

types: node_modules
	$(bun) run --bun tsc
	$(bun) run --bun tsc -p src/explorer/browser
	$(bun) run --bun tsc -p examples/verify-page

gen-check: node_modules
	@rm -rf build/gen-check && $(bun) run --bun buf generate --output build/gen-check
	@diff -r gen build/gen-check/gen && rm -rf build/gen-check

node_modules: package.json bun.lock
	@if command -v bun >/dev/null; then bun install --frozen-lockfile; \
	else npx --yes bun@$(bun_version) install --frozen-lockfile; fi
	@touch $@

clean: ## remove what was built
	rm -rf build dist node_modules
