#!/usr/bin/env python3
"""Print the table of whole files from the evaluations that run.sh left in a folder."""

import json
import math
import pathlib
import sys

GENERAL = ("gzip", "zstd", "xz -9e", "bzip2", "brotli", "planes")


def bits(row, total):
    return 8 * row["bytes"] / total


def main(folder):
    ratios = {"general": [], "pcodec": []}
    print("| file | bytes | Vortex | best general codec | smaller by | pcodec | MB/s enc / dec |")
    print("|---|---|---|---|---|---|---|")
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        result = json.loads(path.read_text())
        total, codecs = result["bytes"], result["codecs"]
        vortex = codecs[0]
        best = min((c for c in codecs[1:] if c["name"].startswith(GENERAL)), key=lambda c: c["bytes"])
        pcodec = next(c for c in codecs if c["name"].startswith("pcodec"))
        ratios["general"].append(vortex["bytes"] / best["bytes"])
        ratios["pcodec"].append(vortex["bytes"] / pcodec["bytes"])
        print(
            f"| {path.stem} | {total:,} | **{bits(vortex, total):.3f}** | {bits(best, total):.3f} ({best['name']}) "
            f"| {100 * (1 - ratios['general'][-1]):.1f} % | {bits(pcodec, total):.3f} "
            f"| {total / 1e6 / vortex['encode_s']:.2f} / {total / 1e6 / vortex['decode_s']:.2f} |"
        )
    for name, values in ratios.items():
        mean = math.exp(sum(map(math.log, values)) / len(values))
        print(f"\nBits per byte. Geometric mean against {name}: {100 * (1 - mean):.1f} % smaller.", end="")
    print()


if __name__ == "__main__":
    main(sys.argv[1])
