#!/usr/bin/env bash
# The three commands of each experiment on small files instead of its data; see README.md.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 FOLDER_OF_FILES OUT_FOLDER [SECONDS] [PYTHON]" >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
files=$1 out=$2 seconds=${3:-90} python=${4:-python3}
vortex=${VORTEX:-${CARGO_TARGET_DIR:-$root/target}/release/vortex}
[ -x "$vortex" ] || cargo build --release --manifest-path "$root/Cargo.toml" -p vortex-cli
mkdir -p "$out"
[ -f "$out/snapshot.hdf5" ] || "$python" "$root/experiments/camels/synthetic.py" "$out/snapshot.hdf5"

one() { # EXPERIMENT FILE STREAM
    local folder=$out/$1-$3
    [ -f "$folder/evaluation.json" ] && return
    "$vortex" prepare -q -f "$2" --out "$folder/prepared"
    "$vortex" train -q -f --config "$root/experiments/$1/config.yaml" --seconds "$seconds" \
        --data "$folder/prepared/$3.bin" --out "$folder/run"
    "$vortex" evaluate -q -m "$folder/run/model.vxm" --data "$folder/prepared/$3.bin" \
        --json "$folder/evaluation.json" >"$folder/evaluation.txt"
}
one cms "$files/cms_nanoaodv5.root" Events.Jet
one alice "$files/alice_hypertriton.root" Hyp3O2
one atlas "$files/atlas_ftag_tracks.h5" tracks
one atlas "$files/atlas_hh4b.root" top_multijet
one camels "$out/snapshot.hdf5" PartType0.Coordinates
"$python" "$root/experiments/whole_way/summarise.py" "$out"
