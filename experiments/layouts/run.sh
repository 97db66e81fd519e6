#!/usr/bin/env bash
# Train and evaluate on one dataset of a file as rows and as columns; see README.md.
set -euo pipefail
[ $# -ge 3 ] || { echo "usage: $0 FILE DATASET OUT_FOLDER [SECONDS] [CONFIG]" >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
file=$1 dataset=$2 out=$3 seconds=${4:-60} config=${5:-$root/configs/cpu_small.yaml}
vortex=${VORTEX:-${CARGO_TARGET_DIR:-$root/target}/release/vortex}
[ -x "$vortex" ] || cargo build --release --manifest-path "$root/Cargo.toml" -p vortex-cli
mkdir -p "$out"
for layout in row column; do
    prepared=$out/$layout
    [ -f "$prepared/manifest.json" ] || "$vortex" prepare -q --layout "$layout" "$file" --out "$prepared"
    for data in $(python3 "$root/experiments/layouts/summarise.py" --streams "$prepared" "$dataset"); do
        name=$(basename "$data" .bin)
        # Train less on a small file, below 100 kB.
        [ "$(stat -c %s "$data")" -ge 100000 ] && time=$seconds || time=$((seconds / 6))
        if [ ! -f "$prepared/$name.json" ]; then
            "$vortex" train -q -f --config "$config" --seconds "$time" --data "$data" --out "$prepared/run-$name"
            "$vortex" evaluate -q -m "$prepared/run-$name/model.vxm" --data "$data" --json "$prepared/$name.json"
        fi
    done
done
python3 "$root/experiments/layouts/summarise.py" "$out" "$dataset"
