#!/usr/bin/env python3
"""Measures all sets of a folder and keeps the results as CSV; see README.md.

A set that has results of this commit is not measured again; after an interruption, the same command goes on.
"""

import argparse
import concurrent.futures
import os
import pathlib
import tempfile
import threading
import time

import held_out
import results
import whole_files
from origin import commit, origin

STAGES = (*whole_files.STAGES, "held out")


def known(stage, name, code):
    """Whether the results hold this set at this commit. A tree with changes has no commit."""
    table = results.read("held_out" if stage == "held out" else "whole_files")
    rows = [row for row in table if row["set"] == name and row.get("stage", "held out") == stage]
    return bool(rows) and not code.endswith("+") and all(row["commit"] == code for row in rows)


def keep(stage, name, rows, seconds, threads, about):
    """Replaces what is known of this set."""
    table = "held_out" if stage == "held out" else "whole_files"
    others = [row for row in results.read(table)
              if row["set"] != name or row.get("stage", "held out") != stage]
    results.write(table, sorted(others + rows, key=lambda row: (row["set"], row["codec"])))
    row = {"stage": stage, "set": name, "seconds": f"{seconds:.1f}", "threads": threads}
    results.replace("seconds", ("stage", "set"), [row | about])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vortex", help="the program to measure")
    parser.add_argument("data", type=pathlib.Path, help="a folder with NAME.bin and NAME.json")
    parser.add_argument("--stages", default=",".join(STAGES), help="some of: " + ",".join(STAGES))
    parser.add_argument("--only", help="names of sets, with commas")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="one-thread runs at a time")
    parser.add_argument("--runs", type=pathlib.Path, help="keeps the trained models in this folder")
    parser.add_argument("--note", default="", help="what the results say of the machine, such as: busy machine")
    arguments = parser.parse_args()
    stages = arguments.stages.split(",")
    sets = sorted(arguments.data.glob("*.bin"), key=lambda path: -path.stat().st_size)
    if arguments.only:
        sets = [path for path in sets if path.stem in arguments.only.split(",")]
    if not sets or not set(stages) <= set(STAGES):
        parser.error("no such set or stage")
    code, lock, begun = commit(), threading.Lock(), time.monotonic()

    def work(stage, path):
        if known(stage, path.stem, code):
            print(f"{stage}: {path.stem} is known", flush=True)
            return
        start = time.monotonic()
        if stage == "held out":
            rows = held_out.measure(arguments.vortex, path, runs, arguments.note)
        else:
            rows = whole_files.measure(arguments.vortex, path, stage, arguments.note)
        seconds, threads = time.monotonic() - start, os.cpu_count() if stage == "held out" else 1
        about = origin(rows[0]["command"], rows[0]["version"], arguments.note)
        with lock:
            keep(stage, path.stem, rows, seconds, threads, about)
        failed = sum(bool(row.get("failed")) for row in rows)
        print(f"{stage}: {path.stem}, {seconds:.0f} s, {len(rows)} results, {failed} failed", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        runs = arguments.runs or pathlib.Path(folder)
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            # The longest first, so that no core waits at the end.
            alone = sorted((s for s in stages if s != "held out"), key=["slow", "default", "quick"].index)
            for _ in pool.map(lambda pair: work(*pair), [(s, path) for s in alone for path in sets]):
                pass
        if "held out" in stages:
            # Training uses all cores.
            for path in sets:
                if path.stem.endswith("_row"):
                    work("held out", path)
    print(f"measured in {(time.monotonic() - begun) / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    main()
