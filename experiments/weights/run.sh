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
    printf 'budget: {max_seconds: 75}\ncheckpoints: {seconds: 1}\n' >"$out/config.yaml"
    schema=()
    if [ -f "${data%.bin}.json" ]; then schema=(--schema "${data%.bin}.json"); fi
    "$built/vortex" train --config "$out/config.yaml" --data "$data" "${schema[@]}" --out "$out/run" &
    training=$!
    # A new last.safetensors comes under its name at once; each is linked under its step.
    while kill -0 "$training" 2>/dev/null; do
        if ln -f "$out/run/last.safetensors" "$out/next" 2>/dev/null; then
            step=$(head -c 20000 "$out/next" | grep -aoP '\\"step\\":\K[0-9]+' | head -1 || true)
            if [ -n "$step" ]; then mv -f "$out/next" "$out/step-$step.safetensors"; fi
        fi
        sleep 0.3
    done
    wait "$training"
fi
# Two checkpoints about 100 steps apart, from the middle of the run.
mapfile -t steps < <(cd "$out" && printf '%s\n' step-*.safetensors | grep -oE '[0-9]+' | sort -n)
from=${steps[$((${#steps[@]} / 2))]}
to=$(printf '%s\n' "${steps[@]}" | awk -v a="$from" \
    '{ d = $1 - a - 100; if (d < 0) d = -d; if (NR == 1 || d < best) { best = d; step = $1 } } END { print step }')
echo "differences from step $from to step $to"
"$out/venv/bin/python" -W ignore "$root/experiments/weights/compare.py" "$built/examples/measure" \
    "$out/run/best.safetensors" "$@" \
    --base "$out/step-$from.safetensors" "$out/step-$to.safetensors"
