#!/usr/bin/env bash
# Measures every file of a folder, and writes docs/benchmarks.md, the README's tables and its picture; see README.md.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: $0 DATA_FOLDER [OUT_FOLDER [NOTE]]" >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
data=$1 out=${2:-$target/benchmarks} note=${3:-}
cargo build --release --manifest-path "$root/Cargo.toml" -p vortex-cli
python3 "$root/experiments/benchmarks/measure.py" "$target/release/vortex" "$data" --runs "$out/runs" --note "$note"
# A rival that cannot be had is shown as missing, and stops nothing.
"$root/experiments/rivals/run.sh" "$data" "$out" "$note"
python3 "$root/experiments/benchmarks/render.py"
