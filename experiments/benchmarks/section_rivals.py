"""Codecs of other projects on every file, and of weights."""

import math

from comparison import mean_ratio, named, sets
from markdown import listed, megabytes_per_second, origins, rate, smaller, span, table
from section_whole_files import DEFAULT


NUMBERS = {"F32": "float32", "BF16": "bfloat16"}


def cell(result, failed):
    if result:
        return f"{result.bits:.3f}"
    if not failed:
        return ""
    return {"missing": "missing", "not": "-"}.get(failed.split()[0], "failed")


def page(rows, whole):
    """Bits per byte, a row for each rival; then how Vortex compares, and every failure with its reason."""
    found, failed = sets(rows)
    own = {name: named(results, DEFAULT) for name, results in sets(whole)[0].items()}
    reasons = {(row["codec"], row["set"]): row["failed"] for row in failed}
    codecs = sorted({row["codec"] for row in rows}, key=str.lower)
    names = sorted(found)
    sizes, overview = [], []
    for codec in codecs:
        known = {name: named(found[name], codec) for name in names}
        pairs = [(own[name], r) for name, r in known.items() if r and own.get(name)]
        if not pairs:
            why = cell(None, reasons.get((codec, names[0]), "")) or "no result"
            overview.append((math.inf, [codec, why, "", "", "", ""]))
            continue
        sizes.append([codec, *(cell(known[name], reasons.get((codec, name), "")) for name in names)])
        wins = sum(mine.bytes < other.bytes for mine, other in pairs)
        rates = [span([megabytes_per_second(r.original, getattr(r, key)) for _, r in pairs], rate) for key in ("encode_s", "decode_s")]
        ratio = mean_ratio(pairs)
        overview.append((-ratio, [codec, str(len(pairs)), smaller(ratio), str(wins), *rates]))
    sizes.append(["**Vortex -5**", *(f"**{own[name].bits:.3f}**" if own.get(name) else "failed" for name in names)])
    made = origins(rows)
    versions = ", ".join(sorted({row["version"] for row in rows if row["version"]}))
    notes = "\n".join(f"- {reason}: {', '.join(on)}" for reason, on in grouped(reasons, len(names)).items())
    headings = ["codec", "files", "Vortex -5, geometric mean", "Vortex smaller on", "MB/s to code", "MB/s to decode"]
    return (
        f"{made} Versions: {versions}.\n\n{table(headings, [line for _, line in sorted(overview)])}\n\n"
        f"Bits per byte of each file:\n\n{turned(['codec', *names], sizes)}\n\nWithout a result:\n\n{notes}"
    )


def sentence(rows, whole):
    """What the README says: the rivals that ran on every file, and where one is smaller."""
    found, _ = sets(rows)
    own = {name: named(results, DEFAULT) for name, results in sets(whole)[0].items()}
    pairs = {}
    for name, results in found.items():
        for other in results:
            if own.get(name):
                pairs.setdefault(other.codec, []).append((name, own[name], other))
    ratios = {codec: mean_ratio(p[1:] for p in known) for codec, known in pairs.items() if len(known) == len(found)}
    closest = max(ratios, key=ratios.get)
    losses = [f"{codec} on {name}" for codec, known in pairs.items()
              for name, mine, other in known if mine.bytes >= other.bytes]
    end = "Smaller are " + ", ".join(losses) if losses else "None of them is smaller on any file"
    return (
        f"Beside {len(pairs)} codecs and settings of other projects (OpenZL, Blosc2, zfp, fpzip, the filters of HDF5, zpaq):\n"
        f"{smaller(ratios[closest])} in geometric mean than the closest that takes every file, {closest}. {end}\n"
        "([table](docs/benchmarks.md#codecs-of-other-projects))."
    )


def turned(headings, rows):
    """Files as lines and codecs as columns, because there are more files."""
    lines = [[name, *(row[number + 1] for row in rows)] for number, name in enumerate(headings[1:])]
    return table(["file", *(row[0] for row in rows)], lines)


def grouped(reasons, files):
    """Reasons with the codecs and files that they are of."""
    found = {}
    for (codec, name), reason in sorted(reasons.items()):
        found.setdefault((codec, reason), []).append(name)
    shown = {}
    for (codec, reason), names in found.items():
        where = "all files" if len(names) == files else ", ".join(names)
        shown.setdefault(f"{codec}, {reason}", []).append(where)
    return shown


def weights(rows):
    """Bytes of weights: the values for the rivals, a whole file with its header for Vortex."""
    lines = []
    for row in sorted(rows, key=lambda row: (row["set"], int(row["bytes"] or 0), row["codec"])):
        if row["failed"]:
            lines.append([row["set"], row["codec"], row["failed"], ""])
            continue
        saved = f"{100 * (1 - int(row['bytes']) / int(row['original_bytes'])):.2f} %"
        lines.append([row["set"], row["codec"], f"{int(row['bytes']):,}", saved])
    return f"{origins(rows)}\n\n{table(['weights', 'codec', 'bytes', 'smaller'], lines)}"


def weights_sentence(rows):
    """What the default effort saves on each network, and how often it is smaller than the others."""
    saved, wins, compared = {}, 0, 0
    good = [row for row in rows if not row["failed"]]
    for row in (row for row in good if row["codec"] == "vortex, default"):
        name, dtype = row["set"].rsplit(", ", 1)
        share = f"{100 * (1 - int(row['bytes']) / int(row['original_bytes'])):.1f} % in {NUMBERS.get(dtype, dtype)}"
        saved.setdefault(name, []).append(share)
        others = [int(r["bytes"]) for r in good if r["set"] == row["set"] and not r["codec"].startswith("vortex")]
        wins += bool(others) and int(row["bytes"]) < min(others)
        compared += bool(others)
    rivals = listed(sorted({row["codec"].split(",")[0] for row in good if not row["codec"].startswith("vortex")}))
    parts = (f"{name} {', '.join(sorted(shares, reverse=True))}" for name, shares in sorted(saved.items()))
    beside = f" Smaller than with {rivals} in {wins} of {compared} cases" if compared else " Nothing to compare with"
    return (
        f"Trained weights become smaller without loss: {'; '.join(parts)}."
        f"{beside} ([table](docs/benchmarks.md#weights-beside-other-programs))."
    )
