#!/usr/bin/env python3
"""Measures the rivals on every file of a folder and keeps the results as CSV; see README.md."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "benchmarks"))

import catalogue  # noqa: E402
import results  # noqa: E402
import weights  # noqa: E402
from origin import origin  # noqa: E402

# A module of rivals may take this long on one file.
MOST_SECONDS = 300
COMMAND = "experiments/rivals/run.sh DATA OUT"


def on_table(module, path):
    """The results of one module on one file; a reason in place of those that did not come."""
    words = [sys.executable, "-W", "ignore", HERE / "one_table.py", module, path]
    one = {"OMP_NUM_THREADS": "1", "BLOSC_NTHREADS": "1"}
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=MOST_SECONDS, env=os.environ | one)
        text, error = done.stdout, f"ended with {done.returncode}: {(done.stderr.splitlines() or [''])[-1]}"
    except subprocess.TimeoutExpired as late:
        text, error = (late.stdout or b"").decode(), f"not done in {MOST_SECONDS} s"
    rows = [json.loads(line) for line in text.splitlines()]
    if not rows:
        reason = f"missing ({error.split('Error: ', 1)[1]})" if "ImportError" in error or "ModuleNotFound" in error else error
        rows = [{"codec": catalogue.TABLES[module].split()[0], "original_bytes": path.stat().st_size, "failed": reason}]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vortex", help="the program, for weights")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--note", default="")
    arguments = parser.parse_args()
    sets = sorted(arguments.data.glob("*.bin"), key=lambda path: -path.stat().st_size)
    lock = threading.Lock()

    def known(path, version):
        return any(row["set"] == path.stem and row["version"] == version for row in results.read("rivals"))

    def work(module, path):
        version = catalogue.version(catalogue.TABLES[module])
        if "not installed" not in version and known(path, version):
            return
        # The version of the package says what was measured, not our commit.
        about = origin(COMMAND, version, arguments.note) | {"commit": ""}
        rows = [{"set": path.stem} | row | about for row in on_table(module, path)]
        with lock:
            # A package that was missing before is not missing under its own name now.
            package = catalogue.TABLES[module].split()[0]
            kept = [r for r in results.read("rivals") if r["set"] != path.stem or r["version"].split()[0] != package]
            results.write("rivals", sorted(kept + rows, key=lambda row: (row["set"], row["codec"])))
        for row in rows:
            print(f"{path.stem}: {row['codec']}: {row.get('failed') or row['bytes']}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for _ in pool.map(lambda pair: work(*pair), [(module, path) for module in catalogue.TABLES for path in sets]):
            pass
    about = origin(COMMAND, "", arguments.note) | {"commit": ""}
    for name, reason in catalogue.MISSING.items():
        missing = [{"set": path.stem, "codec": name, "original_bytes": path.stat().st_size,
                    "failed": f"missing ({reason})"} | about for path in sets]
        results.replace("rivals", ("set", "codec"), missing)
    rows = weights.measure(arguments.vortex, arguments.data / "weights", COMMAND, arguments.note)
    if rows:
        results.write("weights", sorted(rows, key=lambda row: (row["set"], row["codec"])))


if __name__ == "__main__":
    main()
