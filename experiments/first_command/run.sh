#!/usr/bin/env bash
# Whole files without a model or schema, compared with other codecs; see README.md.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 OUT_FOLDER FILE..." >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
out=$1; shift
mkdir -p "$out/alone"
cargo build --release --manifest-path "$root/Cargo.toml" -p vortex-cli
vortex=${CARGO_TARGET_DIR:-$root/target}/release/vortex
for file in "$@"; do
    name=$(basename "$file")
    name=${name%.bin}
    [ -f "$out/$name.json" ] && continue
    # A link in an empty folder, so that there is no schema beside it.
    ln -sf "$(realpath "$file")" "$out/alone/$name.bin"
    "$vortex" evaluate --part all -T 1 ${LEVEL:+-$LEVEL} --data "$out/alone/$name.bin" --json "$out/$name.json"
done
python3 "$root/experiments/first_command/summarise.py" "$out"
