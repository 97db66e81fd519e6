#!/usr/bin/env bash
# The same .vxc from every level and number of threads, decoded at another; see README.md.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: $0 MODEL DATA_FILE" >&2; exit 2; }
model=$1 data=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cargo build --release --manifest-path "$root/Cargo.toml" -p vortex-cli
vortex=${CARGO_TARGET_DIR:-$root/target}/release/vortex
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
levels=(portable)
for level in avx2 avx512 neon; do
    if "$vortex" -q --level $level inspect "$model" >/dev/null 2>&1; then levels+=($level); fi
done
for level in "${levels[@]}"; do
    for threads in 1 2; do
        out=$work/$level-$threads.vxc
        "$vortex" -q --level "$level" -T $threads compress --no-verify -m "$model" -o "$out" "$data"
        printf '%-9s %d thread(s)  %s\n' "$level" $threads "$(sha256sum <"$out" | cut -d' ' -f1)"
        cmp "$out" "$work/portable-1.vxc"
    done
done
previous=${levels[-1]}
for level in "${levels[@]}"; do
    "$vortex" -q --level "$level" decompress -m "$model" -o - "$work/$previous-2.vxc" | cmp - "$data"
    echo "written at $previous, read at $level: the same bytes"
    previous=$level
done
