"""Results as CSV: one row for each set and codec, with the machine, the commit and the command."""

import csv
import os
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent / "results"

# What every row states about its making.
ORIGIN = ("cpu", "cores", "version", "commit", "date", "command", "source", "note")
COLUMNS = {
    "whole_files": ("set", "stage", "codec", "original_bytes", "bytes", "encode_s", "decode_s", "runs",
                    "memory_bytes", "failed"),
    # Bits per byte stand apart from bytes, because older results are known only so.
    "held_out": ("set", "codec", "original_bytes", "bytes", "bits_per_byte", "encode_s", "decode_s", "model_bytes",
                 "training_s", "steps", "integer_cost_percent", "overhead_percent", "failed"),
    "rivals": ("set", "codec", "original_bytes", "bytes", "encode_s", "decode_s", "detail", "failed"),
    "weights": ("set", "codec", "original_bytes", "bytes", "encode_s", "decode_s", "detail", "failed"),
    "seconds": ("stage", "set", "seconds", "threads"),
}


def path(table):
    return FOLDER / f"{table}.csv"


def read(table):
    """All rows of a table as dictionaries of text; none if it was never measured."""
    if not path(table).exists():
        return []
    with open(path(table), newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(table, rows):
    """Replaces the table, so that a reader never sees half of it."""
    columns = COLUMNS[table] + ORIGIN
    whole = path(table)
    whole.parent.mkdir(parents=True, exist_ok=True)
    new = whole.with_suffix(".new")
    with open(new, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(new, whole)


def replace(table, keys, rows):
    """Puts `rows` where rows with the same values of `keys` were, in the order of these keys."""
    known = {tuple(str(row[key]) for key in keys): row for row in read(table)}
    known.update({tuple(str(row[key]) for key in keys): row for row in rows})
    write(table, [known[key] for key in sorted(known)])
