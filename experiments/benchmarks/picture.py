"""The README's picture: bits per byte of every file under Vortex, the best general codec and pcodec."""

from xml.sax.saxutils import escape

from section_whole_files import triples

LABEL, WIDTH, BAR, GAP, TOP = 190, 520, 9, 10, 46
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .quiet { fill: #656d76 } .value { font-size: 9px } .line { stroke: #d0d7de }
  .own { fill: #0969da } .general { fill: #8c959f } .pcodec { fill: #c4a000 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .quiet { fill: #8d96a0 } .line { stroke: #30363d }
    .own { fill: #4493f8 } .general { fill: #6e7681 } .pcodec { fill: #9e7d10 }
  }"""
KINDS = (("own", "Vortex"), ("general", "best general codec"), ("pcodec", "pcodec 12"))


def draw(rows):
    found = triples(rows)[0]
    most = max(result.bits for three in found.values() for result in three if result)
    step = 3 * BAR + GAP
    height, right = TOP + len(found) * step + 26, LABEL + WIDTH + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right} {height}" role="img" '
        f'aria-label="Bits per byte of whole files under Vortex, the best general codec and pcodec">',
        f"<style>{STYLE}\n</style>",
    ]
    at = LABEL
    for kind, name in KINDS:
        parts.append(f'<rect class="{kind}" x="{at}" y="12" width="12" height="12" rx="2"/>')
        parts.append(f'<text x="{at + 18}" y="22">{name}</text>')
        at += 40 + 7 * len(name)
    for bits in range(int(most) + 1):
        x = LABEL + WIDTH * bits / most
        parts.append(f'<line class="line" x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 22}"/>')
        parts.append(f'<text class="quiet" x="{x:.1f}" y="{height - 8}" text-anchor="middle">{bits}</text>')
    parts.append(f'<text class="quiet" x="{right - 4}" y="{height - 8}" text-anchor="end">bits per byte</text>')
    for number, (name, three) in enumerate(found.items()):
        y = TOP + number * step
        parts.append(f'<text x="{LABEL - 8}" y="{y + 2 * BAR}" text-anchor="end">{escape(name)}</text>')
        for place, ((kind, _), result) in enumerate(zip(KINDS, three)):
            if result is None:
                parts.append(f'<text class="quiet" x="{LABEL + 4}" y="{y + place * BAR + 7}">failed</text>')
                continue
            width = WIDTH * result.bits / most
            parts.append(f'<rect class="{kind}" x="{LABEL}" y="{y + place * BAR}" width="{width:.1f}" height="{BAR - 1}"/>')
            if kind == "own":
                parts.append(f'<text class="value" x="{LABEL + width + 4:.1f}" y="{y + BAR - 1.5}">{result.bits:.3f}</text>')
    return "\n".join([*parts, "</svg>", ""])
