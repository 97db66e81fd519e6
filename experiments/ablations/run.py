"""Trains every variant on every data set with every seed, and writes one line of JSON a run; see README.md."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import threading
import time

from variants import SEEDS, SETS, VARIANTS, arguments, schema_text

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = ROOT / "target/release/examples/train_file"
NUMBER = r"(-?[0-9.]+)"
RESULT = re.compile(
    rf"RESULT .* steps {NUMBER} seconds .* parameters {NUMBER} vxm {NUMBER} float {NUMBER} simulated {NUMBER} "
    rf"integer {NUMBER} .* validation {NUMBER} test {NUMBER} flat \[(.*)\]"
)
COLUMNS = ("steps", "parameters", "vxm", "float", "simulated", "integer", "validation", "test")
PROBE_STEPS = 5  # one for each validation: what a run costs but for its steps
FEW = 0.1  # a difference of processor time that asks for a run with another number of steps


class Runs:
    """Finished runs, and runs to make."""

    def __init__(self, args):
        self.args = args
        self.log = args.out / "runs.jsonl"
        self.lock = threading.Lock()
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.done = {self.key(r): r for r in map(json.loads, lines)}
        self.descriptions = {s: json.loads((args.data / f"{s}.json").read_text()) for s in SETS}

    @staticmethod
    def key(run):
        return run["variant"], run["mode"], run["set"], run["seed"]

    def train(self, variant, mode, name, seed, steps):
        """Makes one run, unless it exists."""
        run = {"variant": variant.name, "mode": mode, "set": name, "seed": seed}
        if self.key(run) in self.done:
            return
        label = re.sub(r"\W+", "_", f"{variant.name} {mode} {name} {seed}")
        folder, schema = self.args.out / label, self.args.out / f"{label}.schema.yaml"
        shutil.rmtree(folder, ignore_errors=True)
        description = self.descriptions[name]
        schema.write_text(schema_text(variant, description))
        command = [str(self.args.binary), str(self.args.data / f"{name}.bin"), str(schema), str(folder)]
        command += arguments(variant, description, seed, steps)
        started = time.monotonic()
        log = self.args.out / f"{label}.log"
        with log.open("w") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        found = RESULT.search(log.read_text())
        if process.returncode != 0 or not found:
            raise SystemExit(f"{label} failed with {process.returncode}: see {log}\n{log.read_text()[-2000:]}")
        *numbers, flat = found.groups()
        run |= {k: float(v) if "." in v else int(v) for k, v in zip(COLUMNS, numbers)}
        run["flat"] = len(flat.split(",")) if flat else 0
        run["cpu"] = round(usage.ru_utime + usage.ru_stime, 3)
        run["wall"] = round(time.monotonic() - started, 1)
        shutil.rmtree(folder)
        schema.unlink()
        log.unlink()
        with self.lock:
            self.done[self.key(run)] = run
            with self.log.open("a") as file:
                file.write(json.dumps(run) + "\n")
        print(f"{time.strftime('%H:%M:%S')} {json.dumps(run)}", flush=True)

    def all_of(self, variant, mode, steps, seeds=SEEDS):
        """All sets and seeds; `steps` by set."""
        with concurrent.futures.ThreadPoolExecutor(self.args.jobs) as pool:
            runs = [pool.submit(self.train, variant, mode, n, s, steps[n]) for s in seeds for n in SETS]
            for run in concurrent.futures.as_completed(runs):
                run.result()

    def median_cpu(self, variant, mode, name):
        found = [r["cpu"] for r in self.done.values() if (r["variant"], r["mode"], r["set"]) == (variant, mode, name)]
        return statistics.median(found)

    def step_cpu(self, variant, name):
        """Processor seconds of one step."""
        whole, rest = (self.median_cpu(variant, mode, name) for mode in ("bytes", "probe"))
        return (whole - rest) / (self.args.steps - PROBE_STEPS)

    def same_time(self, variant):
        """Number of steps that takes the time of the base, if the times differ."""
        ratios = [self.median_cpu(variant.name, "bytes", n) / self.median_cpu(variant.base, "bytes", n) for n in SETS]
        if abs(statistics.geometric_mean(ratios) - 1) <= FEW:
            return None
        self.all_of(variant, "probe", dict.fromkeys(SETS, PROBE_STEPS), SEEDS[:1])
        base = {n: self.step_cpu(variant.base, n) for n in SETS}
        return {n: max(PROBE_STEPS, round(self.args.steps * base[n] / self.step_cpu(variant.name, n))) for n in SETS}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=pathlib.Path, help="folder with NAME.bin and NAME.json of each set")
    parser.add_argument("out", type=pathlib.Path, help="folder for runs.jsonl; runs that stand in it are not made again")
    parser.add_argument("--steps", type=int, default=200, help="steps of a run (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, one thread each (default: %(default)s)")
    parser.add_argument("--binary", type=pathlib.Path, default=BINARY, help="the built example train_file")
    parser.add_argument("--only", nargs="+", metavar="VARIANT", help="these variants (and their bases)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    runs = Runs(args)
    chosen = [v for v in VARIANTS if not args.only or v.name in args.only]
    bases = {v.base for v in chosen}
    other_steps = []
    for variant in VARIANTS:
        if variant not in chosen and variant.name not in bases:
            continue
        runs.all_of(variant, "bytes", dict.fromkeys(SETS, args.steps))
        if any(v.base == variant.name for v in VARIANTS):
            runs.all_of(variant, "probe", dict.fromkeys(SETS, PROBE_STEPS), SEEDS[:1])
        if variant.name != variant.base and (steps := runs.same_time(variant)):
            other_steps.append((variant, steps))
    for variant, steps in other_steps:
        runs.all_of(variant, "time", steps)


if __name__ == "__main__":
    main()
