"""Whole files without a model or schema: `vortex bench` on one set."""

import csv
import pathlib
import subprocess
import tempfile

from origin import origin

# Levels, other codecs and runs of each stage. Level 9 trains a network on each file, which takes too long.
STAGES = {
    "default": ("5", "all", 1),
    "quick": ("1-3", "none", 3),
    "slow": ("4,6-8", "none", 1),
}


def rows_of_bench(text, name, stage, about):
    """The rows of a CSV of `vortex bench`; of several runs, the time of the fastest."""
    rows = []
    for row in csv.DictReader(text.splitlines()):
        rows.append({
            "set": name,
            "stage": stage,
            "codec": row["codec"],
            "original_bytes": row["original_bytes"],
            "bytes": row["bytes"],
            "encode_s": row["encode_least_s"],
            "decode_s": row["decode_least_s"],
            "runs": row["encode_runs"],
            "memory_bytes": row["memory_bytes"],
            "failed": row["failed"],
            **about,
        })
    return rows


def measure(vortex, path, stage, note):
    """One stage on one file. An error of Vortex itself is a row too."""
    levels, others, runs = STAGES[stage]
    words = ["bench", "-q", "--levels", levels, "--baselines", others, "--runs", str(runs)]
    about = origin(f"vortex {' '.join(words)} {path.name}", version(vortex), note)
    with tempfile.TemporaryDirectory() as folder:
        # A link in an empty folder, so that there is no description of the records beside it.
        alone = pathlib.Path(folder) / path.name
        alone.symlink_to(path.resolve())
        table = pathlib.Path(folder) / "table.csv"
        done = subprocess.run([vortex, *words, "--csv", table, alone], capture_output=True, text=True)
        if table.exists():
            return rows_of_bench(table.read_text(encoding="utf-8"), path.stem, stage, about)
    reason = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
    failed = {"set": path.stem, "stage": stage, "codec": f"vortex, levels {levels}", "failed": reason,
              "original_bytes": path.stat().st_size}
    return [failed | about]


def version(vortex):
    return subprocess.run([vortex, "--version"], check=True, capture_output=True, text=True).stdout.strip()
