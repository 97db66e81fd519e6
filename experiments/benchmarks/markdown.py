"""Tables and numbers of a page."""


def table(headings, rows):
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def rate(value):
    """A speed with two or three digits."""
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 10 else f"{value:.0f}"


def megabytes_per_second(original_bytes, seconds):
    return original_bytes / 1e6 / seconds


def speed(original_bytes, seconds):
    """MB/s, as text."""
    return rate(megabytes_per_second(original_bytes, seconds))


def span(values, form):
    """`1 to 3`, or one number."""
    low, high = form(min(values)), form(max(values))
    return low if low == high else f"{low} to {high}"


def smaller(ratio):
    """`24.8 % smaller`, or larger, of a size divided by another."""
    return f"{100 * abs(1 - ratio):.1f} % {'smaller' if ratio <= 1 else 'larger'}"


def listed(words):
    """`a`, `a and b`, `a, b and c`."""
    words = list(words)
    return " and ".join(([", ".join(words[:-1])] if words[:-1] else []) + words[-1:])


def noted(rows):
    """The notes of some rows in brackets, such as that the machine was busy."""
    notes = sorted({row["note"] for row in rows if row["note"]})
    return f" ({listed(notes)})" if notes else ""


def origins(rows):
    """One sentence: the machines, commits and days of some rows."""
    seen = {}
    for row in rows:
        key = (row["cpu"], row["cores"], row["source"], row["note"])
        seen.setdefault(key, {"commit": set(), "date": set()})
        for name, values in seen[key].items():
            values.add(row[name])
    parts = []
    for (cpu, cores, source, note), found in sorted(seen.items()):
        commits = listed(sorted(found["commit"] - {""}))
        commits = f"commit{'s' if len(found['commit']) > 1 else ''} {commits}, " if commits else ""
        kept = "" if source == "measured" else f", {source}"
        said = f"; {note}" if note else ""
        parts.append(f"{cores} cores of {cpu}, {commits}{listed(sorted(found['date']))}{kept}{said}")
    return "Measured on " + "; and on ".join(parts) + "."
