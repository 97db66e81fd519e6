"""What a rival is: a name, and functions from columns to bytes and back.

A rival that cannot be had raises `ImportError` when its module is loaded; one that cannot take a file raises
`NotApplicable`. Neither is a result, and neither counts as a win.
"""

import struct
from dataclasses import dataclass
from typing import Callable


class NotApplicable(Exception):
    """The codec has no use for this file, or would take too long; the reason."""


@dataclass
class Rival:
    """`compress` takes a table, `decompress` its bytes and the same table without values."""

    name: str
    compress: Callable
    decompress: Callable
    most_bytes: int | None = None


def framed(parts):
    """Parts one after the other, each with its length, as a file would need them."""
    return b"".join(struct.pack("<I", len(part)) + part for part in parts)


def unframed(packed):
    at = 0
    while at < len(packed):
        (length,) = struct.unpack_from("<I", packed, at)
        yield packed[at + 4 : at + 4 + length]
        at += 4 + length


def per_column(name, compress, decompress):
    """A rival that codes each column alone: `compress(column)`, `decompress(bytes, column)` to values."""

    def whole(table):
        return framed(compress(column) for column in table.columns)

    def back(packed, table):
        return [decompress(part, column) for part, column in zip(unframed(packed), table.columns, strict=True)]

    return Rival(name, whole, back)
