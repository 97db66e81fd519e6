#!/usr/bin/env bash
# The same .vxc from every set of instructions and number of threads, decoded with another; see README.md.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: $0 MODEL DATA_FILE" >&2; exit 2; }
model=$1 data=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cargo build --release --manifest-path "$root/Cargo.toml" -p vortex-cli
vortex=${CARGO_TARGET_DIR:-$root/target}/release/vortex
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sets=(portable)
for kind in avx2 avx512 neon; do
    if "$vortex" -q --instructions $kind inspect "$model" >/dev/null 2>&1; then sets+=($kind); fi
done
for kind in "${sets[@]}"; do
    for threads in 1 2; do
        out=$work/$kind-$threads.vxc
        "$vortex" -q --instructions "$kind" -T $threads compress --no-verify -m "$model" -o "$out" "$data"
        printf '%-9s %d thread(s)  %s\n' "$kind" $threads "$(sha256sum <"$out" | cut -d' ' -f1)"
        cmp "$out" "$work/portable-1.vxc"
    done
done
previous=${sets[-1]}
for kind in "${sets[@]}"; do
    "$vortex" -q --instructions "$kind" decompress -m "$model" -o - "$work/$previous-2.vxc" | cmp - "$data"
    echo "written with $previous, read with $kind: the same bytes"
    previous=$kind
done
