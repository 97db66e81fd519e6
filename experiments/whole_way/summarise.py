#!/usr/bin/env python3
"""The table of the evaluations that run.sh left in a folder."""

import json
import pathlib
import sys

print("| experiment, table | test bytes | Vortex | bits a byte | xz -9e | zstd -19 | pcodec | model bytes | steps | s |")
print("|---|---|---|---|---|---|---|---|---|---|")
for path in sorted(pathlib.Path(sys.argv[1]).glob("*/evaluation.json")):
    result = json.loads(path.read_text())
    run = json.loads((path.parent / "run" / "summary.json").read_text())
    size = {codec["name"]: codec["bytes"] for codec in result["codecs"]}
    vortex, total = result["codecs"][0]["bytes"], result["bytes"]
    experiment, _, table = path.parent.name.partition("-")
    print(f"| {experiment}, {table} | {total:,} | {vortex:,} | {8 * vortex / total:.3f} | {size['xz -9e']:,} | {size['zstd -19']:,} "
          f"| {size['pcodec 12']:,} | {result['model_bytes']:,} | {run['steps']} | {run['seconds']:.0f} |")
