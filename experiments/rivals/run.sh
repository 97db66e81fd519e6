#!/usr/bin/env bash
# Codecs of other projects on the same files, in a Python environment that this script makes; see README.md.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 DATA_FOLDER OUT_FOLDER [NOTE]" >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
data=$1 out=$2 note=${3:-}
mkdir -p "$out"
cargo build --release --manifest-path "$root/Cargo.toml" -p vortex-cli
vortex=${CARGO_TARGET_DIR:-$root/target}/release/vortex
python=$out/venv/bin/python
[ -x "$python" ] || python3 -m venv "$out/venv" || { echo "no environment: all packages are missing" >&2; python=python3; }
# One at a time: a package that cannot be had is missing, and the others still run.
[ "$python" = python3 ] || for package in numpy 'openzl==0.3.*' pcodec blosc2 zfpy fpzip h5py hdf5plugin zipnn z4ai; do
    "$python" -m pip install --quiet --disable-pip-version-check "$package" || echo "$package is missing" >&2
done
# Programs of Debian; without the right to install them they are missing too.
for package in zpaq python3-paq; do
    dpkg -s "$package" >/dev/null 2>&1 || { [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null; } ||
        echo "$package is missing" >&2
done
"$python" -W ignore "$root/experiments/rivals/measure.py" "$vortex" "$data" --note "$note"
