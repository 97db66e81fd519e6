"""Whole files at the default level, without a model or schema."""

from comparison import best_general, mean_ratio, named, pcodec, sets
from markdown import megabytes_per_second, noted, origins, smaller, span, speed, table

DEFAULT = "vortex -5"
MISSING = "failed"


def triples(rows):
    """Vortex, the best general codec and pcodec on each set; `None` where one failed."""
    found, failed = sets(row for row in rows if row["stage"] == "default")
    return {name: (named(r, DEFAULT), best_general(r), pcodec(r)) for name, r in found.items()}, failed


def bits(result, shown="{:.3f}"):
    return shown.format(result.bits) if result else MISSING


def short_table(rows):
    """The table of the README."""
    lines = []
    for name, (own, best, numbers) in triples(rows)[0].items():
        general = f"{bits(best)} ({best.codec})" if best else MISSING
        lines.append([name, bits(own, "**{:.3f}**"), general, bits(numbers)])
    return table(["file", "Vortex", "best general codec", "pcodec"], lines)


def long_table(rows):
    lines = []
    for name, (own, best, numbers) in triples(rows)[0].items():
        size = f"{(own or best or numbers).original:,}" if own or best or numbers else ""
        general = f"{bits(best)} ({best.codec})" if best else MISSING
        saved = f"{100 * (1 - own.bytes / best.bytes):.1f} %" if own and best else ""
        speeds = f"{speed(own.original, own.encode_s)} / {speed(own.original, own.decode_s)}" if own else ""
        lines.append([name, size, bits(own, "**{:.3f}**"), general, saved, bits(numbers), speeds])
    headings = ["file", "bytes", "Vortex", "best general codec", "smaller by", "pcodec", "MB/s enc / dec"]
    return table(headings, lines)


def verdict(rows):
    """How Vortex compares over all sets, and where it is closest or loses."""
    found = triples(rows)[0]
    sentence = "Bits per byte, smaller is better. In geometric mean "
    parts, losses, pairs = [], [], []
    for place, other in ((1, "the best general codec"), (2, "pcodec")):
        both = [(name, t[0], t[place]) for name, t in found.items() if t[0] and t[place]]
        parts.append(f"{smaller(mean_ratio((own, rival) for _, own, rival in both))} than {other}")
        losses += [f"{name} (than {other})" for name, own, rival in both if own.bytes >= rival.bytes]
        pairs += [(1 - own.bytes / rival.bytes, rival.bytes - own.bytes, name, other) for name, own, rival in both]
    sentence += " and ".join(parts) + f", over {len(found)} files"
    if losses:
        return sentence + "; not smaller on " + ", ".join(losses) + "."
    _, saved, name, other = min(pairs)
    return sentence + f"; smaller than both on each. The closest is {name}: {saved:,} bytes smaller than {other}."


def speeds(rows):
    own = [t[0] for t in triples(rows)[0].values() if t[0]]

    def form(value):
        return f"{value:.2f}"

    encode = span([megabytes_per_second(r.original, r.encode_s) for r in own], form)
    decode = span([megabytes_per_second(r.original, r.decode_s) for r in own], form)
    return f"The default level codes {encode} MB/s and decodes {decode} MB/s on one core{noted(r.row for r in own)}."


def page(rows):
    failed = triples(rows)[1]
    notes = "".join(f"\n\n{row['codec']} failed on {row['set']}: {row['failed']}" for row in failed)
    made = origins([row for row in rows if row["stage"] == "default"])
    return f"{made}\n\n{long_table(rows)}\n\n{verdict(rows)}\n{speeds(rows)}{notes}"


def readme(rows):
    return f"{short_table(rows)}\n\n{verdict(rows)}\n{speeds(rows)}"
