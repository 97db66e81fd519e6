#!/usr/bin/env python3
"""Writes the measured sections of docs/benchmarks.md and README.md, and the README's picture.

With --check it writes nothing, and fails if a page differs from what the results give.
"""

import sys

import documents
import picture
import results
import section_held_out
import section_levels
import section_rivals
import section_whole_files
from markdown import listed, noted
from origin import ROOT


def duration(rows, rivals):
    """Minutes of each stage: one-thread runs side by side on all cores."""
    cores = max((int(row["cores"]) for row in rows), default=1)
    minutes = {}
    for row in rows:
        side_by_side = cores if row["threads"] == "1" else 1
        minutes[row["stage"]] = minutes.get(row["stage"], 0) + float(row["seconds"]) / 60 / side_by_side
    alone = sum(float(row[key] or 0) for row in rivals for key in ("encode_s", "decode_s"))
    minutes["rivals"] = alone / 60 / cores
    parts = listed(f"{stage} {value:.0f}" for stage, value in sorted(minutes.items()))
    return f"Minutes of the measured stages on {cores} cores{noted(rows)}: {parts}; {sum(minutes.values()):.0f} altogether."


def pages():
    """What each file should be."""
    whole, held_out = results.read("whole_files"), results.read("held_out")
    rivals, weights = results.read("rivals"), results.read("weights")
    measured = {
        "duration": duration(results.read("seconds"), rivals),
        "whole files": section_whole_files.page(whole),
        "levels": section_levels.page(whole),
        "held-out": section_held_out.page(held_out),
        "rivals": section_rivals.page(rivals, whole),
        "weights of other programs": section_rivals.weights(weights),
    }
    first = {
        "whole files": "\n".join((
            section_whole_files.readme(whole),
            section_levels.quick_sentence(whole),
            section_rivals.sentence(rivals, whole),
        )),
        "held-out": section_held_out.readme(held_out),
        "weights": section_rivals.weights_sentence(weights),
    }
    for path, sections in ((ROOT / "docs" / "benchmarks.md", measured), (ROOT / "README.md", first)):
        yield path, documents.filled(path.read_text(encoding="utf-8"), sections)
    yield ROOT / "docs" / "img" / "benchmarks.svg", picture.draw(whole)


def main(check):
    wrong = []
    for path, text in pages():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        wrong.append(str(path.relative_to(ROOT)))
        if not check:
            path.write_text(text, encoding="utf-8")
    if check and wrong:
        sys.exit(f"{listed(wrong)} differ from the results: run experiments/benchmarks/render.py")
    print("nothing differs" if not wrong else f"wrote {listed(wrong)}")


if __name__ == "__main__":
    main("--check" in sys.argv[1:])
