"""Plain SVG."""

import math
from xml.sax.saxutils import escape

COLOURS = ("#1b6ca8", "#c8553d", "#4f8a3c")
LEFT, WIDTH, ROW, TOP = 180, 460, 24, 48
LABEL = 40  # pixels between two numbers of the axis
TICKS = [sign * tick for tick in (0, 30, 10, 3, 1, 0.3, 0.1, 0.03) for sign in (1, -1)]


def root(value):
    """Signed square root: small differences stay visible beside large ones."""
    return math.copysign(math.sqrt(abs(value)), value)


def differences_svg(rows, sets, title):
    """One row per variant: for each set the mean over seeds as a dot and the range as a line.

    `rows`: name and `[set][seed]` in per cent.
    """
    values = [d for _, by_set in rows for seeds in by_set for d in seeds]
    low, high = root(min(values, default=-1)), root(max(values, default=1))
    # Leave space for both signs, for any values.
    low, high = min(low, -0.2 * high, -0.1), max(high, -0.2 * low, 0.1)
    x = lambda value: LEFT + WIDTH * (root(value) - low) / (high - low)
    bottom = TOP + ROW * len(rows)
    text = lambda at, y, words, anchor="start": f'<text x="{at:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 30}" height="{bottom + 28}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        text(10, 16, title),
    ]
    for index, (name, colour) in enumerate(zip(sets, COLOURS)):
        at = LEFT + 120 * index
        out.append(f'<circle cx="{at}" cy="34" r="4" fill="{colour}"/>' + text(at + 8, 38, name))
    labelled = []
    for tick in TICKS:
        at = x(tick)
        if LEFT <= at <= LEFT + WIDTH and all(abs(at - other) >= LABEL for other in labelled):
            labelled.append(at)
            colour = "#e0e0e0" if tick else "#555"
            out.append(f'<path d="M{at:.1f} {TOP}V{bottom}" stroke="{colour}"/>')
            out.append(text(at, bottom + 16, f"{tick:+g} %" if tick else "0", "middle"))
    for index, (name, by_set) in enumerate(rows):
        y = TOP + ROW * (index + 0.5)
        out.append(text(LEFT - 12, y + 4, name, "end"))
        for offset, seeds, colour in zip((-6, 0, 6), by_set, COLOURS):
            least, most, mean = min(seeds), max(seeds), sum(seeds) / len(seeds)
            out.append(f'<path d="M{x(least):.1f} {y + offset}H{x(most):.1f}" stroke="{colour}" stroke-width="2"/>')
            out.append(f'<circle cx="{x(mean):.1f}" cy="{y + offset}" r="3" fill="{colour}"/>')
    return "\n".join([*out, "</svg>"]) + "\n"
