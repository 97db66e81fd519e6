#!/usr/bin/env python3
"""Print the table of held-out sizes from the evaluations that run.sh left in a folder."""

import json
import math
import pathlib
import sys

GENERAL = ("gzip", "zstd", "xz -9e", "bzip2")


def bits(row, total):
    return 8 * row["bytes"] / total


def main(folder):
    saved, rows = [], []
    for path in sorted(pathlib.Path(folder).glob("*_row.json")):
        result = json.loads(path.read_text())
        run = json.loads((path.with_suffix("") / "summary.json").read_text())
        total, codecs = result["bytes"], result["codecs"]
        vortex = codecs[0]
        general = [c for c in codecs[1:] if c["name"].startswith(GENERAL)]
        general = [c for c in general if "lc0" not in c["name"]]
        best = min(general, key=lambda c: c["bytes"])
        pcodec = next((c for c in codecs if c["name"].startswith("pcodec")), None)
        saved.append(vortex["bytes"] / best["bytes"])
        integer = run["model"]["integer_cost_percent"]
        overhead = 100 * (8 * vortex["bytes"] / result["cross_entropy_bits"] - 1)
        rows.append(
            f"| {path.stem} | {total:,} | {bits(vortex, total):.3f} | {bits(best, total):.3f} ({best['name']}) "
            f"| {bits(pcodec, total):.3f} | {100 * (1 - saved[-1]):.1f} % | {result['model_bytes']:,} "
            f"| {run['seconds']:.0f} | {integer:+.2f} % | {overhead:+.3f} % "
            f"| {total / 1e6 / vortex['encode_s']:.2f} / {total / 1e6 / vortex['decode_s']:.2f} |"
        )
    print("| file | test bytes | Vortex | best general codec | pcodec | saved | model bytes | training s "
          "| integers | overhead | MB/s enc / dec |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    print("\n".join(rows))
    mean = math.exp(sum(map(math.log, saved)) / len(saved))
    print(f"\nBits per byte. Geometric mean against the best general codec: {100 * (1 - mean):.1f} % smaller.")


if __name__ == "__main__":
    main(sys.argv[1])
