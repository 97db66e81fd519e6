"""Plain SVG."""

import math
from xml.sax.saxutils import escape

COLOURS = ("#1b6ca8", "#c8553d", "#4f8a3c")
LEFT, WIDTH, ROW, TOP = 170, 430, 22, 44


def place(value, linear):
    """Signed square root: small differences stay visible beside large ones."""
    return math.copysign(math.sqrt(abs(value) / linear), value)


def differences_svg(rows, sets, title):
    """A row a variant: for each set the mean over seeds as a dot and the range as a line.

    `rows`: name and `[set][seed]` in per cent.
    """
    most = max((abs(d) for _, by_set in rows for seeds in by_set for d in seeds), default=1) or 1
    x = lambda value: LEFT + WIDTH / 2 * (1 + place(value, most))
    height = TOP + ROW * len(rows) + 34
    text = lambda at, y, words, anchor="start": f'<text x="{at:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        text(10, 16, title),
    ]
    for index, (name, colour) in enumerate(zip(sets, COLOURS)):
        at = LEFT + 110 * index
        out.append(f'<circle cx="{at}" cy="30" r="4" fill="{colour}"/>' + text(at + 8, 34, name))
    bottom = TOP + ROW * len(rows)
    for tick in (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30):
        # Ticks closer to 0 than this would overlap.
        if tick <= most and place(tick, most) > 0.09:
            for value in (-tick, tick):
                out.append(f'<path d="M{x(value):.1f} {TOP}V{bottom}" stroke="#e4e4e4"/>')
                out.append(text(x(value), bottom + 16, f"{value:+g}", "middle"))
    out.append(f'<path d="M{x(0):.1f} {TOP}V{bottom}" stroke="#555"/>' + text(x(0), bottom + 16, "0", "middle"))
    for index, (name, by_set) in enumerate(rows):
        y = TOP + ROW * (index + 0.5)
        out.append(text(LEFT - 10, y + 4, name, "end"))
        for offset, seeds, colour in zip((-5, 0, 5), by_set, COLOURS):
            low, high, mean = min(seeds), max(seeds), sum(seeds) / len(seeds)
            out.append(f'<path d="M{x(low):.1f} {y + offset}H{x(high):.1f}" stroke="{colour}" stroke-width="2"/>')
            out.append(f'<circle cx="{x(mean):.1f}" cy="{y + offset}" r="3" fill="{colour}"/>')
    return "\n".join([*out, "</svg>"]) + "\n"
