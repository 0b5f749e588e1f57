# Everything runs from here: `make demo` and `make test` are all that a newcomer needs.

# Root installs by itself; others go through sudo.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo -E env PATH="$$PATH")
# Where cargo puts what it builds.
BUILT := $(or $(CARGO_TARGET_DIR),target)/release
LAB := $(BUILT)/milvus-swarm-lab

# What the program is made of, by deny.toml. The list of known holes is a copy of rustsec's on this
# machine, and `cargo deny fetch` renews it.
DENY := if ! cargo deny --version >/dev/null 2>&1; then \
	  echo 'licences and known holes of dependencies were not looked at: cargo install cargo-deny'; \
	  exit 0; \
	fi; \
	cargo deny --locked check bans licenses sources || exit; \
	if [ -d "$${CARGO_HOME:-$$HOME/.cargo}/advisory-dbs" ]; then \
	  cargo deny --offline check advisories; \
	else \
	  echo 'known holes of dependencies were not looked at: cargo deny fetch'; \
	fi

.PHONY: help check test demo demo-down soak fuzz hunt bench-up bench-scale lab-down build pins

help:
	@echo 'make demo       a real Milvus on this machine, ending with a vector search'
	@echo 'make demo-down  take the demo away'
	@echo 'make check      formatting, lints, unit tests: seconds, no Docker'
	@echo 'make test       everything, with a real Swarm of 26 hosts in the lab'
	@echo 'make soak       the long repeats of the end-to-end tests, and the newest Docker engine'
	@echo 'make fuzz       ten minutes of damaged inventories and stack files for each reader'
	@echo 'make hunt       the laws on 3000 drawn inventories, with kills and meddling hands'
	@echo 'make pins       asks the registries whether the default images are there'
	@echo 'make bench-scale  time and memory for 10 to 10 000 hosts; renews docs/scale.md'
	@echo 'make bench-up   three ways of bringing up 26 hosts, side by side'
	@echo 'make lab-down   take the lab away, whatever state it is in'

build:
	cargo build --release -p milvus-swarm -p milvus-swarm-lab

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo test --workspace
	@$(DENY)

test:
	@tests/run

demo: build
	@SUDO='$(SUDO)' BUILT='$(BUILT)' lab/demo

demo-down lab-down: build
	$(SUDO) $(LAB) down

soak: build
	$(SUDO) MILVUS_SWARM_ROUNDS=10 cargo test --release --test e2e -- --ignored --nocapture --test-threads=1

fuzz:
	MILVUS_SWARM_FUZZ_SECONDS=600 cargo test --release --test fuzz -- --nocapture

hunt:
	MILVUS_SWARM_PAIRS=0..3000 cargo test --release --test laws -- moves:: hands::

# PINS='--json', PINS='--registry docker.io=URL' and the like. Exit codes are those of the program;
# make turns each but 0 into its own 2.
pins:
	cargo run --quiet -p milvus-swarm-pins -- $(PINS)

bench-scale:
	cargo bench --profile dist --bench scale -- --write-docs --check

bench-up: build
	$(SUDO) cargo test --release --test bench_up -- --ignored --nocapture --test-threads=1
