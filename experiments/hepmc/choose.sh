#!/usr/bin/env bash
# Token layouts for text: train each, choose on the validation part, report the test part of the chosen one.
#     experiments/hepmc/choose.sh TEXT OUT_FOLDER [SECONDS]
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 TEXT OUT_FOLDER [SECONDS]" >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
text=$1 out=$2 seconds=${3:-75}
vortex=${VORTEX:-${CARGO_TARGET_DIR:-$root/target}/release/vortex}
[ -x "$vortex" ] || cargo build --release --manifest-path "$root/Cargo.toml" -p vortex-cli
mkdir -p "$out"
cp "$root/experiments/hepmc/pairs.schema.yaml" "$out/two.yaml"
echo 'stride: 1' >"$out/one.yaml"
cp "$root/experiments/hepmc/config.yaml" "$out/short.config"
# Twice the window, with half as many sequences.
sed -e 's/window: 64/window: 128/' -e 's/sequences: 8/sequences: 4/' -e 's/tokens: 256/tokens: 512/' "$out/short.config" >"$out/long.config"
for run in one-short two-short one-long; do
    [ -f "$out/$run.json" ] && continue
    "$vortex" train -q -f --config "$out/${run#*-}.config" --schema "$out/${run%-*}.yaml" --seconds "$seconds" \
        --data "$text" --out "$out/$run"
    "$vortex" evaluate -q -m "$out/$run/model.vxm" --data "$text" --part valid --baselines none --json "$out/$run.json" >"$out/$run.txt"
done
best=$(python3 - "$out" <<'P'
import json, pathlib, sys
found = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*-*.json")):
    result = json.loads(path.read_text())
    # Do not use the size of the file: blocks that zstd makes smaller than the network are stored with zstd.
    found[path.stem] = result["cross_entropy_bits"] / result["bytes"]
    print(f"{path.stem}: {found[path.stem]:.3f} bits a byte of the validation part, cross-entropy", file=sys.stderr)
print(min(found, key=found.get))
P
)
echo "chosen: $best"
"$vortex" evaluate -m "$out/$best/model.vxm" --data "$text"
