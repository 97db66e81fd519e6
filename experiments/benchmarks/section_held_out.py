"""Tables of records under a model that was trained on other records of the same table."""

import math

from markdown import megabytes_per_second, origins, rate, smaller, span, speed, table

OWN = "vortex, trained"
# What rows that were taken over from before know.
FEW = "best of gzip, zstd, xz, bzip2"


def tables(rows):
    """Of each table: our row, the best general codec's, pcodec's; `None` for what failed or is missing."""
    found = {}
    for row in rows:
        found.setdefault(row["set"], []).append(row)
    for name, codecs in sorted(found.items()):
        good = sorted((r for r in codecs if not r["failed"]), key=lambda r: float(r["bits_per_byte"]))
        general = [r for r in good if not r["codec"].startswith(("vortex", "pcodec"))]
        yield name, *(
            next((r for r in these if r["codec"].startswith(start)), None)
            for these, start in ((good, OWN), (general, ""), (good, "pcodec"))
        )


def bits(row, shown="{}"):
    return shown.format(row["bits_per_byte"]) if row else "failed"


def heading(rows):
    return "best general codec" if all(row["source"] == "measured" for row in rows) else FEW


def short_table(rows):
    lines = []
    for name, own, best, numbers in tables(rows):
        general = f"{bits(best)} ({best['codec']})" if best else "failed"
        model = f"{int(own['model_bytes']) / 1e6:.2f} MB" if own else ""
        lines.append([name, bits(own, "**{}**"), general, bits(numbers), model])
    headings = ["data (test part, a tenth)", "Vortex", heading(rows), "pcodec", "model file"]
    return table(headings, lines)


def long_table(rows):
    lines = []
    for name, own, best, numbers in tables(rows):
        if not own:
            lines.append([name, "", "failed", *[""] * 8])
            continue
        general = f"{bits(best)} ({best['codec']})" if best else "failed"
        saved = f"{100 * (1 - ratio(own, best)):.1f} %" if best else ""
        speeds = [speed(int(own["original_bytes"]), float(own[key])) if own[key] else "-" for key in ("encode_s", "decode_s")]
        cells = [f"{int(own['original_bytes']):,}", bits(own, "**{}**"), general, bits(numbers), saved]
        cells += [f"{int(own['model_bytes']):,}", own["training_s"], f"{float(own['integer_cost_percent']):+.2f} %"]
        cells += [f"{float(own['overhead_percent']):+.3f} %", " / ".join(speeds)]
        lines.append([name, *cells])
    headings = ["file", "test bytes", "Vortex", heading(rows), "pcodec", "saved", "model bytes", "training s",
                "integers", "overhead", "MB/s enc / dec"]
    return table(headings, lines)


def ratio(own, other):
    return float(own["bits_per_byte"]) / float(other["bits_per_byte"])


def verdict(rows):
    known = list(tables(rows))
    parts = []
    for place, other in ((2, f"the {heading(rows)}"), (3, "pcodec")):
        ratios = [ratio(t[1], t[place]) for t in known if t[1] and t[place]]
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        wins = sum(value < 1 for value in ratios)
        parts.append(f"{smaller(mean)} than {other} in geometric mean (smaller on {wins} of {len(known)})")
    seconds = span([float(t[1]["training_s"]) for t in known if t[1]], lambda s: f"{s:.0f}")
    return "Bits per byte, smaller is better: " + " and ".join(parts) + f". Training took {seconds} seconds on 2 cores."


def page(rows):
    failed = "".join(f"\n\n{r['codec']} failed on {r['set']}: {r['failed']}" for r in rows if r["failed"])
    own = [row for row in rows if row["codec"] == OWN]
    return f"{origins(own)}\n\n{long_table(rows)}\n\n{verdict(rows)}{failed}"


def speeds(rows):
    """One sentence about the speed with a model; empty as long as no row has times."""
    own = [row for row in rows if row["codec"] == OWN and row["encode_s"]]
    if not own:
        return ""
    coding, decoding = (
        span([megabytes_per_second(int(row["original_bytes"]), float(row[key])) for row in own], rate)
        for key in ("encode_s", "decode_s")
    )
    cores = own[0]["cores"]
    return f"\nWith its model, Vortex codes {coding} MB/s and decodes {decoding} MB/s on {cores} cores; a block of 1 MiB runs on one core."


def readme(rows):
    return f"{short_table(rows)}\n\n{verdict(rows)}{speeds(rows)}"
