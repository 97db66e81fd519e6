#!/usr/bin/env bash
# Seconds and peak memory of every command on large HDF5 files; see README.md.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: $0 FOLDER [MIB] [PYTHON]" >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$1 mib=${2:-1024} python=${3:-python3}
vortex=${VORTEX:-${CARGO_TARGET_DIR:-$root/target}/release/vortex}
[ -x "$vortex" ] || cargo build --release --manifest-path "$root/Cargo.toml" -p vortex-cli
mkdir -p "$folder"
cd "$folder"
measured() { # NAME COMMAND...
    local name=$1
    shift
    /usr/bin/time -o time -f '%e %U %S %M' "$@"
    read -r seconds user system kib <time
    awk -v n="$name" -v s="$seconds" -v c="$user" -v k="$system" -v m="$kib" -v b="$mib" \
        'BEGIN { printf "| %s | %.1f | %.1f | %.1f | %.0f MiB |\n", n, s, c + k, b * 1.048576 / (s + 1e-9), m / 1024 }'
}
same() { "$python" "$root/experiments/compare_hdf5.py" "$1" "$2" >same || { echo "$2: other values than $1" >&2; exit 1; }; }
echo "| what, $mib MiB of values | seconds | of processor time | MB/s | memory at most |"
echo "|---|---|---|---|---|"
for kind in contiguous gzip; do
    file=$kind.h5
    [ -f "$file" ] || "$python" "$root/experiments/synthetic_hdf5.py" "$file" "$mib" $kind
    rm -rf prepared back "$kind.vxc" again.h5
    measured "$kind: prepare" "$vortex" prepare -q "$file" --out prepared
    measured "$kind: restore" "$vortex" restore -q prepared --out back
    same "$file" "back/$file"
    rm -rf prepared back
    measured "$kind: compress --datasets" "$vortex" compress -q --no-verify --datasets "$file" -o "$kind.vxc"
    measured "$kind: decompress" "$vortex" decompress -q -o again.h5 "$kind.vxc"
    same "$file" again.h5
    rm -f again.h5
done
