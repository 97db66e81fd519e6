"""Tables and plots of docs/ARCHITECTURE_COMPARISON.md from the runs; see README.md."""

import argparse
import csv
import json
import pathlib
import re
import statistics

from plot import differences_svg
from variants import SEEDS, SETS, VARIANTS

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TABLE = HERE / "results/runs.csv"
DOCUMENT = ROOT / "docs/ARCHITECTURE_COMPARISON.md"
COLUMNS = ("variant", "mode", "set", "seed", "steps", "cpu", "parameters", "vxm", "flat", "float", "integer")
COLUMNS += ("validation", "test")
SHORT = {"cms_jets_row": "CMS jets", "cms_dimuon_row": "CMS dimuons", "atlas_tracks_row": "ATLAS tracks"}
# Three seeds: half a 95 % interval of Student's t with 2 degrees of freedom is this many standard deviations.
INTERVAL = 4.303 / 3**0.5


def collect(log):
    """`runs.jsonl` of `run.py` as the table in `results`."""
    runs = [json.loads(line) for line in log.read_text().splitlines()]
    order = {v.name: i for i, v in enumerate(VARIANTS)}
    runs.sort(key=lambda r: (order[r["variant"]], r["mode"], SETS.index(r["set"]), r["seed"]))
    with TABLE.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(runs)


class Results:
    """Runs by variant, mode, set and seed."""

    def __init__(self, rows):
        self.runs = {(r["variant"], r["mode"], r["set"], int(r["seed"])): r for r in rows}

    def complete(self, variant, mode):
        """Whether variant and base have all their runs."""
        return all((v, m, n, s) in self.runs for v, m in ((variant.name, mode), (variant.base, "bytes")) for n in SETS for s in SEEDS)

    def value(self, name, mode, data, seed, column):
        return float(self.runs[name, mode, data, seed][column])

    def differences(self, variant, mode, column):
        """Difference from the base of the same seed in per cent: `[set][seed]`."""
        ratio = lambda n, s: self.value(variant.name, mode, n, s, column) / self.value(variant.base, "bytes", n, s, column)
        return [[100 * (ratio(n, s) - 1) for s in SEEDS] for n in SETS]

    def ratio(self, variant, mode, column):
        """Geometric mean over sets of the ratio of medians over seeds."""
        median = lambda name, m, n: statistics.median(self.value(name, m, n, s, column) for s in SEEDS)
        return statistics.geometric_mean(median(variant.name, mode, n) / median(variant.base, "bytes", n) for n in SETS)


def means(by_set):
    """For each seed, the geometric mean over sets, in per cent."""
    return [100 * (statistics.geometric_mean(1 + d / 100 for d in seed) - 1) for seed in zip(*by_set)]


def cell(values):
    """Mean and standard deviation, bold if the 95 % interval of the mean does not contain 0."""
    mean, deviation = statistics.mean(values), statistics.stdev(values)
    text = f"{mean:+.2f} ± {deviation:.2f}"
    # Runs are printed with four digits: less than 0.01 % is their rounding.
    return f"**{text}**" if abs(mean) > max(INTERVAL * deviation, 0.01) else text


def baseline_table(results, name):
    lines = ["| set | validation | test | CPU seconds a run | a step | model, bytes |", "|---|---|---|---|---|---|"]
    for data in SETS:
        of = lambda column: [results.value(name, "bytes", data, s, column) for s in SEEDS]
        bits = [f"{statistics.mean(of(c)):.4f} ± {statistics.stdev(of(c)):.4f}" for c in ("validation", "test")]
        size = f"{statistics.mean(of('vxm')):,.0f}"
        seconds = statistics.median(of("cpu"))
        run, probe = (results.runs[name, mode, data, SEEDS[0]] for mode in ("bytes", "probe"))
        step = (seconds - float(probe["cpu"])) / (int(run["steps"]) - int(probe["steps"]))
        lines.append(f"| {SHORT[data]} | {bits[0]} | {bits[1]} | {seconds:.1f} | {step:.3f} | {size} |")
    return lines


def table(results, variants, mode):
    """Differences from the base in per cent."""
    extra = ["steps"] if mode == "time" else []
    head = ["variant", *extra, *SHORT.values(), "mean, test", "mean, validation", "CPU time", "model"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for variant in variants:
        if not results.complete(variant, mode):
            continue
        test, validation = (results.differences(variant, mode, c) for c in ("test", "validation"))
        cells = [variant.name]
        if extra:
            cells.append(" / ".join(results.runs[variant.name, mode, n, SEEDS[0]]["steps"] for n in SETS))
        cells += [cell(by_seed) for by_seed in test] + [cell(means(test)), cell(means(validation))]
        cells += [f"x {results.ratio(variant, mode, column):.2f}" for column in ("cpu", "vxm")]
        lines.append("| " + " | ".join(cells) + " |")
    return lines if len(lines) > 2 else ["(none)"]


def fill(text, name, lines):
    """`text` with the lines between the marks of this name."""
    marked = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not marked.search(text):
        raise SystemExit(f"{DOCUMENT}: no place marked <!-- {name} --> ... <!-- end -->")
    return marked.sub(lambda m: m[1] + "\n".join(lines) + "\n" + m[2], text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=pathlib.Path, nargs="?", help="runs.jsonl; without it, from results/runs.csv")
    parser.add_argument("--print", action="store_true", help="print all tables and write no document")
    args = parser.parse_args()
    if args.log:
        collect(args.log)
    with TABLE.open(newline="") as file:
        results = Results(csv.DictReader(file))
    tables = {}
    for base in dict.fromkeys(v.base for v in VARIANTS):
        if all((base, "bytes", n, s) in results.runs for n in SETS for s in SEEDS):
            tables[base] = baseline_table(results, base)
    changed = [v for v in VARIANTS if v.name != v.base]
    for group in dict.fromkeys(v.group for v in changed):
        members = [v for v in changed if v.group == group]
        for mode, words in (("bytes", "same bytes"), ("time", "same time")):
            tables[f"{group}, {words}"] = table(results, members, mode)
    if args.print:
        for name, lines in tables.items():
            print(f"\n{name}\n", *lines, sep="\n")
        return
    text = DOCUMENT.read_text()
    for name in re.findall(r"<!-- (?!end -->)(.+?) -->", text):
        text = fill(text, name, tables[name])
    DOCUMENT.write_text(text)
    for mode in ("bytes", "time"):
        rows = [(v.name, results.differences(v, mode, "test")) for v in changed if results.complete(v, mode)]
        svg = differences_svg(rows, list(SHORT.values()), "bits per byte of the test part, % more than the base (root scale)")
        (ROOT / f"docs/img/ablations_same_{mode}.svg").write_text(svg)


if __name__ == "__main__":
    main()
