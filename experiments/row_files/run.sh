#!/usr/bin/env bash
# Train, compress and compare on every *_row file of a folder; see README.md.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 DATA_FOLDER OUT_FOLDER [CONFIG]" >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
data=$1 out=$2 config=${3:-$root/configs/cpu_small.yaml}
mkdir -p "$out"
cargo build --release --manifest-path "$root/Cargo.toml" -p vortex-cli
vortex=${CARGO_TARGET_DIR:-$root/target}/release/vortex
for file in "$data"/*_row.bin; do
    name=$(basename "$file" .bin)
    schema=$data/$name.json
    if [ ! -f "$out/$name/model.vxm" ]; then
        "$vortex" train --config "$config" --data "$file" --schema "$schema" --out "$out/$name"
    fi
    "$vortex" evaluate -m "$out/$name/model.vxm" --data "$file" --schema "$schema" \
        --json "$out/$name.json" --report "$out/$name.html"
done
python3 "$root/experiments/row_files/summarise.py" "$out"
