"""A file as columns, as its description NAME.json states them, and the file again from its columns."""

import json
import math
from dataclasses import dataclass

import numpy as np


@dataclass
class Column:
    """The values of one field or array, and its shape (at most 4 dimensions)."""

    values: np.ndarray
    shape: tuple


@dataclass
class Table:
    """Columns, and where their bytes are in the file."""

    length: int
    columns: list
    places: list  # of each column: a slice of the file, or (stride, offset, width) in every record
    numeric: bool  # whether the description states any columns


def read(path):
    data = np.fromfile(path, np.uint8)
    description = path.with_suffix(".json")
    stated = json.loads(description.read_text(encoding="utf-8")) if description.exists() else {}
    if "fields" in stated and "stride" in stated:
        return of_records(data, stated)
    if "columns" in stated:
        return of_arrays(data, stated["columns"])
    return Table(len(data), [Column(data, data.shape)], [slice(0, len(data))], False)


def of_records(data, stated):
    """One column for each field, for the bytes of a record between them, and for the bytes after the last record."""
    stride = stated["stride"]
    count = len(data) // stride
    records = data[: count * stride].reshape(count, stride)
    fields, at, columns, places = [], 0, [], []
    for field in sorted(stated["fields"], key=lambda field: field["offset"]):
        dtype = np.dtype(field["dtype"])
        if field["offset"] > at:
            fields.append((at, field["offset"] - at, np.dtype("u1")))
        fields.append((field["offset"], dtype.itemsize, dtype))
        at = field["offset"] + dtype.itemsize
    if at < stride:
        fields.append((at, stride - at, np.dtype("u1")))
    for offset, width, dtype in fields:
        raw = np.ascontiguousarray(records[:, offset : offset + width]).reshape(-1)
        values = raw.view(plain(dtype))
        columns.append(Column(values, values.shape))
        places.append((stride, offset, width))
    if count * stride < len(data):
        rest = data[count * stride :].copy()
        columns.append(Column(rest, rest.shape))
        places.append(slice(count * stride, len(data)))
    return Table(len(data), columns, places, True)


def of_arrays(data, stated):
    columns, places, at = [], [], 0

    def keep(begin, end, dtype, shape=None):
        values = data[begin:end].copy().view(dtype)
        columns.append(Column(values, shape or values.shape))
        places.append(slice(begin, end))

    for column in sorted(stated, key=lambda column: column["offset"]):
        dtype, begin = np.dtype(column["dtype"]), column["offset"]
        end = begin + column["count"] * dtype.itemsize
        if begin > at:
            keep(at, begin, np.dtype("u1"))
        # A length of one says nothing of neighbours.
        shape = tuple(length for length in column.get("shape", ()) if length != 1)
        fits = 1 < len(shape) <= 4 and math.prod(shape) == column["count"]
        if end > begin:
            keep(begin, end, plain(dtype), shape if fits else None)
        at = end
    if at < len(data):
        keep(at, len(data), np.dtype("u1"))
    return Table(len(data), columns, places, True)


def plain(dtype):
    """Truth values as bytes, because not every codec has them."""
    return np.dtype("u1") if dtype.kind == "b" else dtype


def joined(table, columns):
    """The bytes of the file from the values of its columns."""
    data = np.zeros(table.length, np.uint8)
    for values, place in zip(columns, table.places, strict=True):
        raw = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        if isinstance(place, slice):
            data[place] = raw
        else:
            stride, offset, width = place
            count = table.length // stride
            data[: count * stride].reshape(count, stride)[:, offset : offset + width] = raw.reshape(count, width)
    return data.tobytes()
