#!/usr/bin/env bash
# Trains a small model, and compares sizes and speeds of its checkpoints with PyPI's zipnn; see README.md.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 DATA.bin OUT_FOLDER [FILE.safetensors...]" >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
data=$1 out=$2
shift 2
mkdir -p "$out"
cargo build --release --manifest-path "$root/Cargo.toml" -p vortex-cli
cargo build --release --manifest-path "$root/Cargo.toml" -p vortex-zipnn --example measure
built=${CARGO_TARGET_DIR:-$root/target}/release
if [ ! -x "$out/venv/bin/python" ]; then
    python3 -m venv "$out/venv"
    "$out/venv/bin/pip" install --quiet zipnn==0.5.4 numpy
fi
if [ ! -f "$out/run/model.vxm" ]; then
    printf 'budget: {max_seconds: 75}\ncheckpoints: {every_steps: 100, keep: 1000}\n' >"$out/config.yaml"
    schema=()
    if [ -f "${data%.bin}.json" ]; then schema=(--schema "${data%.bin}.json"); fi
    "$built/vortex" train --config "$out/config.yaml" --data "$data" "${schema[@]}" --out "$out/run"
fi
# Two checkpoints 100 steps apart, from the middle of the run.
steps=("$out"/run/step-*.safetensors)
from=${steps[$(((${#steps[@]} - 1) / 2))]}
to=${steps[$(((${#steps[@]} + 1) / 2))]}
echo "differences from $from to $to"
"$out/venv/bin/python" -W ignore "$root/experiments/weights/compare.py" "$built/examples/measure" \
    "$out/run/best.safetensors" "$@" \
    --base "$from" "$to"
