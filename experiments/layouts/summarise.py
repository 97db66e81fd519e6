#!/usr/bin/env python3
"""The table of one dataset in both layouts, from what run.sh left in a folder."""

import json
import pathlib
import sys


def streams(prepared, dataset):
    """The files of a dataset that are not empty."""
    manifest = json.loads((prepared / "manifest.json").read_text())
    for source in manifest["sources"]:
        for entry in source["datasets"]:
            if entry["name"] == dataset:
                return [prepared / stream["file"] for stream in entry["streams"] if stream["bytes"]]
    names = [entry["name"] for source in manifest["sources"] for entry in source["datasets"]]
    sys.exit(f"{prepared}: no dataset {dataset}; there are {', '.join(names)}")


def layout(prepared, dataset):
    """Sums over the files of a dataset: files, test bytes, bytes of each codec, bytes of the models, seconds of training."""
    files = streams(prepared, dataset)
    results = [json.loads(path.with_suffix(".json").read_text()) for path in files]
    runs = [json.loads((prepared / f"run-{path.stem}" / "summary.json").read_text()) for path in files]
    codec = lambda name: sum(c["bytes"] for result in results for c in result["codecs"] if c["name"] == name)
    vortex = sum(result["codecs"][0]["bytes"] for result in results)
    return (len(files), sum(r["bytes"] for r in results), vortex, codec("xz -9e"), codec("zstd -19"), codec("pcodec 12"),
            sum(r["model_bytes"] for r in results), sum(run["seconds"] for run in runs))


def main():
    if sys.argv[1] == "--streams":
        print(*streams(pathlib.Path(sys.argv[2]), sys.argv[3]), sep="\n")
        return
    out, dataset = pathlib.Path(sys.argv[1]), sys.argv[2]
    print("| layout | files | test bytes | Vortex | bits a byte | xz -9e | zstd -19 | pcodec | model bytes | training s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in ("row", "column"):
        files, test, vortex, *others, seconds = layout(out / name, dataset)
        xz, zstd, pcodec, model = others
        print(f"| {name} | {files} | {test:,} | {vortex:,} | {8 * vortex / test:.3f} | {xz:,} | {zstd:,} | {pcodec:,} | {model:,} | {seconds:.0f} |")


main()
