# Each target installs what it needs and says so. Nothing is installed twice.
SHELL := /bin/bash
.PHONY: demo test bench lint chaos drill fuzz mutants setup release nextest python

DEBIAN := ccache libclang-dev clang protobuf-compiler mold

setup:
	@tools/setup $(DEBIAN)

nextest: setup
	@cargo nextest --version >/dev/null 2>&1 || { echo "installing cargo-nextest from crates.io"; cargo install --locked cargo-nextest; }

## A busy hour in about a minute on three nodes, with the leader killed in the middle.
demo: setup release
	@target/release/kindred demo --node-binary target/release/kindred-node

release: setup
	cargo build --release -p kindred-node -p kindred-client

## All tests: scenarios, properties, 300 simulated seeds, real processes, a Python platform.
test: nextest python
	cargo build --workspace --all-targets
	cargo nextest run --workspace --no-fail-fast
	cargo test --workspace --doc --quiet

## The Python packages the platform test is written with, in a folder of its own.
python: setup
	@tools/python-env

lint: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	proto/lint.sh

## Beside a three-node etcd, in one run; see README.
bench: release
	@NO_SERVICES=1 tools/setup etcd-server
	@target/release/kindred bench --node-binary target/release/kindred-node

## Every scenario of both worlds with its limits: SEEDS, FIRST_SEED, MINUTES (of faults without end afterwards), SCENARIO
## (numbers or names). The exit code says whether anything was broken.
chaos: setup
	@NO_SERVICES=1 tools/setup iptables iproute2
	cargo build --release -p kindred-node -p kindred-chaos
	cargo build --release -p kindred-node --features chaos --bin kindred-node-chaos
	@target/release/kindred-chaos run --node-binary target/release/kindred-node --seeds "$${SEEDS:-300}" \
	  --first-seed "$${FIRST_SEED:-0}" --minutes "$${MINUTES:-0}" --scenario "$${SCENARIO:-}"

## Every decoder under libFuzzer, SECONDS_EACH for each target; what is found beyond the corpus lies in target/fuzz.
fuzz: setup
	@tools/fuzz

## Do the tests of domain and matching notice when a line does something else? A sample of N, its SEED printed.
mutants: setup
	@cargo mutants --version >/dev/null 2>&1 || { echo "installing cargo-mutants from crates.io"; cargo install --locked cargo-mutants; }
	@tools/mutants

## Bugs planted on purpose, one after the other: the suite must find each, and nothing without them. BUG, SEEDS.
drill: setup
	cargo test --release -p kindred-chaos --features drill --test drill -- --nocapture
