"""Levels 1 to 8: sizes of every set, and speeds."""

from statistics import median

from comparison import best_general, mean_ratio, named, pcodec, sets
from markdown import megabytes_per_second, noted, origins, rate, smaller, span, table

LEVELS = [f"vortex -{level}" for level in range(1, 9)]


def sizes(found, missing):
    lines = []
    for name, results in found.items():
        peer = pcodec(results)
        own = [named(results, level) for level in LEVELS]
        cells = [f"{peer.bits:.3f}" if peer else "failed"]
        cells += [f"{r.bits:.3f}" if r else missing.get((name, level), "-") for r, level in zip(own, LEVELS)]
        lines.append([name, *cells])
    return table(["file", "pcodec 12", *(level.split()[1] for level in LEVELS)], lines)


def overview(found):
    """One line for each level, over the sets that it was measured on."""
    lines = []
    for level in LEVELS:
        known = [(named(r, level), best_general(r), pcodec(r)) for r in found.values() if named(r, level)]
        if not known:
            continue
        ratios = [smaller(mean_ratio((t[0], t[place]) for t in known if t[place])) for place in (1, 2)]
        cells = [level.split()[1], str(len(known)), *ratios]
        for seconds in ("encode_s", "decode_s"):
            rates = [megabytes_per_second(own.original, getattr(own, seconds)) for own, *_ in known]
            cells.append(f"{rate(median(rates))} ({span(rates, rate)})")
        lines.append(cells)
    headings = ["level", "files", "against the best general codec", "against pcodec 12",
                "MB/s to code: median (range)", "MB/s to decode"]
    return table(headings, lines)


def quick_sentence(rows, level="vortex -2"):
    """What the README says of the quick levels, over tables of records."""
    found, _ = sets(rows)
    known = {name: named(r, level) for name, r in found.items() if name.endswith("_row") and named(r, level)}
    rates = {name: megabytes_per_second(own.original, own.encode_s) for name, own in known.items()}
    slowest = min(rates, key=rates.get)
    others = [value for name, value in rates.items() if name != slowest]
    ratio = mean_ratio((own, pcodec(found[name])) for name, own in known.items() if pcodec(found[name]))
    speeds = f"{span(others, lambda r: f'{r:.0f}')} MB/s on one core ({slowest} at {rate(rates[slowest])} MB/s)"
    said = noted(own.row for own in known.values())
    return (
        f"Levels 1 to 3 are faster: `-{level[-1]}` codes the `_row` tables at {speeds}{said}, "
        f"{smaller(ratio)} than pcodec at its highest level in geometric mean."
    )


def page(rows):
    found, failed = sets(rows)
    missing = {(row["set"], row["codec"]): "failed" for row in failed}
    own = [row for row in rows if row["codec"].startswith("vortex")]
    return f"{origins(own)}\n\n{overview(found)}\n\nBits per byte of each file:\n\n{sizes(found, missing)}"
