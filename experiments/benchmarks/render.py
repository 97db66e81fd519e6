#!/usr/bin/env python3
"""Writes the measured sections of docs/benchmarks.md and README.md, and the README's picture, from the results.

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
from markdown import listed
from origin import ROOT


def duration(rows):
    """Minutes of the whole, from the seconds of its parts: one-thread parts run on all cores side by side."""
    alone = sum(float(row["seconds"]) for row in rows if row["threads"] == "1")
    together = sum(float(row["seconds"]) for row in rows if row["threads"] != "1")
    stages = listed(sorted({row["stage"] for row in rows}))
    cores = max((int(row["cores"]) for row in rows), default=1)
    minutes = (alone / cores + together) / 60
    return f"The measured parts ({stages}) took {minutes:.0f} minutes on {cores} cores, one-thread runs side by side."


def pages():
    """What each file should be."""
    whole, held_out = results.read("whole_files"), results.read("held_out")
    rivals, weights = results.read("rivals"), results.read("weights")
    measured = {
        "duration": duration(results.read("seconds")),
        "whole files": section_whole_files.page(whole),
        "levels": section_levels.page(whole),
        "held-out": section_held_out.page(held_out),
        "rivals": section_rivals.page(rivals, whole),
        "weights of other programs": section_rivals.weights(weights),
    }
    first = {
        "whole files": f"{section_whole_files.readme(whole)}\n{section_levels.quick_sentence(whole)}",
        "held-out": section_held_out.readme(held_out),
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
