"""Indices of numpy as ranges of rows of a dataset."""

from __future__ import annotations

import math
import operator
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import _core
from ._arrays import described, shaped
from .errors import DamagedError, NotFoundError


class Rows:
    """The rows of a dataset, along the first axis of its array."""

    def __init__(
        self,
        archive: _core.Archive,
        name: str,
        schema: _core.Schema,
        rows: int,
        block_rows: int,
        label: str | None,
    ) -> None:
        self._archive, self._name = archive, name
        self.dtype, shape = described(schema, label)
        self._members: Mapping[str, Any] = self.dtype.fields or {}
        self._columns = {field: place for field, *place in schema.fields}
        row_bytes = self.dtype.itemsize * math.prod(shape[1:])
        whole = -1 if shape[:1] == (-1,) else self.dtype.itemsize * math.prod(shape)
        if row_bytes % schema.stride or whole not in (-1, rows * schema.stride):
            raise DamagedError(
                f"{rows} records of {schema.stride} bytes are no array of {self.dtype} and shape "
                f"{shape}",
                "Corrupt",
            )
        # Records of the schema that make one row of the array.
        self._records = row_bytes // schema.stride
        if shape[:1] == (-1,):
            shape = (rows // self._records if self._records else 0, *shape[1:])
        self.shape = shape
        self.block_rows = max(1, block_rows // max(1, self._records))
        self._kept: tuple[int, np.ndarray] | None = None
        self._lock = threading.Lock()

    def get(self, index: Any) -> Any:
        """What numpy would give for this index, a copy."""
        if isinstance(index, str):
            return self._field(index, 0, self.shape[0] if self.shape else 1)
        if isinstance(index, list) and index and all(isinstance(name, str) for name in index):
            return self._fields(index)
        if isinstance(index, tuple) and index and isinstance(index[0], str):
            return self._of_field(index[0], index[1:])
        if not self.shape or index is Ellipsis or (isinstance(index, tuple) and not index):
            return self._read_all()[index]
        first, rest = (index[0], index[1:]) if isinstance(index, tuple) else (index, ())
        if first is Ellipsis or first is None:
            return self._read_all()[index]
        if isinstance(first, slice):
            return self._slice(first)[(slice(None), *rest)]
        try:
            row = operator.index(first)
        except TypeError:
            kind = type(first).__name__
            raise TypeError(
                f"an index of type {kind}; a number, a slice or names of fields are possible"
            ) from None
        return self._row(row)[rest] if rest else self._row(row)

    def _slice(self, wanted: slice) -> np.ndarray:
        start, stop, step = wanted.indices(self.shape[0])
        numbers = range(start, stop, step)
        if not numbers:
            return self._read(0, 0)
        low, high = min(numbers[0], numbers[-1]), max(numbers[0], numbers[-1]) + 1
        if abs(step) > self.block_rows:
            # Few records of many blocks, which do not all have to be in memory.
            array = np.empty((len(numbers), *self.shape[1:]), self.dtype)
            for place, row in enumerate(numbers):
                array[place] = self._row(row)
            return array
        array = self._read(low, high)
        return array if step == 1 else array[:: abs(step)][:: 1 if step > 0 else -1].copy()

    def _row(self, row: int) -> Any:
        n = self.shape[0]
        if not -n <= row < n:
            raise IndexError(f"record {row} of {self._name!r}, which has {n}")
        row %= n
        with self._lock:
            kept = self._kept
        if kept is None or not kept[0] <= row < kept[0] + len(kept[1]):
            start = row - row % self.block_rows
            kept = (start, self._read(start, min(start + self.block_rows, n)))
            with self._lock:
                self._kept = kept
        return kept[1][row - kept[0]].copy()

    def _of_field(self, name: str, rest: tuple) -> Any:
        self._check([name])
        if rest and isinstance(rest[0], (int, np.integer)) and self.shape:
            return self._row(int(rest[0]))[name][rest[1:]]
        if rest and isinstance(rest[0], slice) and self.shape:
            start, stop, step = rest[0].indices(self.shape[0])
            if step == 1:
                return self._field(name, start, max(start, stop))[(slice(None), *rest[1:])]
        return self._field(name, 0, self.shape[0] if self.shape else 1)[rest]

    def _field(self, name: str, start: int, stop: int) -> np.ndarray:
        self._check([name])
        dtype, offset = self._members[name][:2]
        # A number of the schema, not a member that only numpy knows.
        number = self._columns.get(name) == [dtype.str, offset]
        if number and len(self.shape) == 1 and self._records == 1:
            flat = self._archive.field(self._name, name, start, stop)
            return shaped(flat, dtype, (-1,))
        return (self._read(start, stop) if self.shape else self._read_all())[name].copy()

    def _fields(self, names: list[str]) -> np.ndarray:
        self._check(names)
        return self._read_all()[names].copy()

    def _check(self, names: list[str]) -> None:
        missing = [name for name in names if name not in self._members]
        if missing:
            known = ", ".join((self.dtype.names or ())[:20]) or "none: a record is a number"
            raise NotFoundError(
                f"no field {missing[0]!r} in {self._name!r}; the fields are {known}", "NotFound"
            )

    def _read_all(self) -> np.ndarray:
        if self.shape:
            return self._read(0, self.shape[0])
        return self._bytes(0, self.dtype.itemsize and self._records, ())

    def _read(self, start: int, stop: int) -> np.ndarray:
        return self._bytes(
            start * self._records, stop * self._records, (stop - start, *self.shape[1:])
        )

    def _bytes(self, start: int, stop: int, shape: tuple[int, ...]) -> np.ndarray:
        return shaped(self._archive.rows(self._name, start, stop), self.dtype, shape)
