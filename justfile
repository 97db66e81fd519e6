# `just` lists these; each is one command that works without just too.

default:
    @just --list

# Everything a change must pass
check:
    .ci/run

fmt:
    cargo fmt --all

clippy:
    cargo clippy --release --workspace --all-targets -- -D warnings

# The code paths of GPUs, as far as possible without their toolkits
check-gpu:
    cargo check --release -p vortex-cli --features cuda
    cargo check --release -p vortex-cli --features rocm
    cargo check --release -p vortex-cli --features vulkan

test:
    cargo test --release --workspace

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --release --workspace --no-deps

# The pages of docs/ as a book, in target/book (needs mdBook: cargo install mdbook --version 0.4.52)
book:
    mdbook build

# The Python module: a wheel in target/wheels, and its tests in a virtual environment
python:
    python3 -m venv target/venv
    target/venv/bin/pip install -q './python[test]'
    target/venv/bin/pip wheel -q --no-deps --wheel-dir target/wheels ./python
    target/venv/bin/python -m pytest -q python/tests
    target/venv/bin/python python/bench/speed.py

# The C library: header, shared and static library, pkg-config file
install-c PREFIX:
    crates/vortex-c/install.sh {{PREFIX}}

# Measures every file of a folder, and writes docs/benchmarks.md, the README's tables and its picture (under an hour on 2 idle cores)
benchmarks DATA *ARGS:
    experiments/benchmarks/run.sh {{DATA}} {{ARGS}}

# Speed of coder, network and weights, compared with other programs
bench *ARGS:
    cargo bench -p vortex-coder --bench range {{ARGS}}
    cargo bench -p vortex-coder --bench records {{ARGS}}
    cargo bench -p vortex-infer --bench network {{ARGS}}
    cargo bench -p vortex-benches --bench codec {{ARGS}}
    cargo bench -p vortex-zipnn --bench weights {{ARGS}}

# Fuzz one target (header, decode, roundtrip, mixing, columns, model, network, portal, npy, bytes, hdf5, arrow, root, manifest, weights, archive), for instance: just fuzz decode -max_total_time=60
fuzz TARGET *ARGS:
    cargo fuzz run -s none --fuzz-dir fuzz {{TARGET}} -- {{ARGS}}

# The golden files, which every later version must read in the same way
golden:
    cargo test --release -p vortex-coder --test container golden

# Synthetic jets: train, compress, decode, compare
demo *ARGS:
    cargo run --release -p vortex-cli -- demo {{ARGS}}

# The picture of the README, drawn by the demo
figures:
    cargo run --release -p vortex-cli -- demo --force --figure docs/img/demo.svg

# 200 MB from a server that breaks 20 connections
big-download:
    cargo test --release -p vortex-download --test download -- --ignored --nocapture

# A sparse file of 5 GiB: compress, decompress and compare
big-file FOLDER="/tmp":
    truncate -s 5G {{FOLDER}}/vortex-big
    cargo run --release -p vortex-cli -- compress --force --no-verify -o {{FOLDER}}/vortex-big.vxc {{FOLDER}}/vortex-big
    cargo run --release -p vortex-cli -- decompress -o - {{FOLDER}}/vortex-big.vxc | cmp - {{FOLDER}}/vortex-big
    rm {{FOLDER}}/vortex-big {{FOLDER}}/vortex-big.vxc
