#!/usr/bin/env bash
# Peak memory of compressing and decompressing a 2 GiB safetensors file: memory.sh VORTEX FOLDER
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: $0 VORTEX FOLDER" >&2; exit 2; }
file=$2/weights-2g.safetensors
python3 - "$file" <<'PYTHON'
import json, random, struct, sys

# 32 tensors of 64 MiB: float32 with a bell-shaped exponent and noise below.
count, size = 32, 64 << 20
header = json.dumps({
    f"layer.{i}": {"dtype": "F32", "shape": [4096, 4096], "data_offsets": [i * size, (i + 1) * size]}
    for i in range(count)
}).encode()
source = random.Random(1)
block = b"".join(struct.pack("<f", source.gauss(0, 0.02)) for _ in range(1 << 18))
with open(sys.argv[1], "wb") as out:
    out.write(struct.pack("<Q", len(header)) + header)
    for i in range(count * size // len(block)):
        at = 4 * (i * 7919 % (1 << 18))
        out.write(block[at:] + block[:at])
PYTHON
peak() { /usr/bin/time -f "%M KiB, %e s: $1" "${@:2}"; }
peak compress "$1" compress-weights -q -f --no-verify "$file"
peak "compress and verify" "$1" compress-weights -q -f "$file"
peak decompress "$1" decompress-weights -q -f -o "$file.back" "$file.vxw"
cmp "$file" "$file.back"
ls -l "$file" "$file.vxw" | awk '{ print $5, $9 }'
rm "$file" "$file.vxw" "$file.back"
