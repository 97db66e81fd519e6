"""numpy's dtypes and shapes as schemas and labels of the library, and back.

The bytes of an array in C order are the original bytes of the compressed file, and its dtype is the
schema. Where the schema does not say all of the dtype, or the array has other than one dimension,
the label of the file does: the prefix below, then a Python literal as in the header of a ``.npy``
file, ``{'descr': DTYPE, 'shape': SHAPE}``. The first number of the shape is -1 where it follows from
the number of bytes, so that files of equal rows can be appended to each other.
"""

from __future__ import annotations

import ast
import math
import warnings
from typing import Any

import numpy as np

from . import _core
from .errors import DamagedError, InvalidArgumentError, LimitError, UnsupportedError

LABEL = "vortex:array:"
MAX_LABEL_BYTES = 4096

Shape = tuple[int, ...]

#: What Python and numpy raise for a literal that is no dtype or no shape.
_UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    SyntaxError,
    MemoryError,
    RecursionError,
)


def flat_bytes(data: Any) -> np.ndarray:
    """The bytes of a buffer or an array as uint8, without a copy where they are contiguous."""
    if isinstance(data, np.ma.MaskedArray):
        raise InvalidArgumentError("a masked array; compress its .data and its .mask")
    if isinstance(data, (np.ndarray, np.generic)):
        array = np.ascontiguousarray(data)
        if array.nbytes == 0:
            return np.empty(0, np.uint8)
        return array.reshape(-1).view(np.uint8)
    try:
        view = memoryview(data)
    except TypeError:
        kind = type(data).__name__
        raise InvalidArgumentError(
            f"data of type {kind}; a numpy array or a buffer such as bytes is needed"
        ) from None
    if not view.c_contiguous:
        view = memoryview(view.tobytes())
    if view.nbytes == 0:
        return np.empty(0, np.uint8)
    return np.frombuffer(view.cast("B"), np.uint8)


def schema_of(dtype: np.dtype, shape: Shape) -> _core.Schema | None:
    """The schema of the records of an array; None if its elements have no bytes."""
    if dtype.itemsize == 0:
        return None
    return _core.Schema.of_array(repr(_descr(dtype)), list(shape))


def label_of(dtype: np.dtype, shape: Shape, schema: _core.Schema | None) -> str | None:
    """The label of a file with this array; None if the schema says everything."""
    if schema is not None and len(shape) == 1 and _same(dtype_of(schema), dtype):
        return None
    rows = shape
    if shape and dtype.itemsize > 0 and math.prod(shape[1:]) > 0:
        rows = (-1, *shape[1:])
    label = f"{LABEL}{ {'descr': _descr(dtype), 'shape': rows}!r}"
    if len(label.encode()) > MAX_LABEL_BYTES:
        raise LimitError(
            f"the description of the dtype takes {len(label.encode())} bytes; at most "
            f"{MAX_LABEL_BYTES} fit into a file; use a dtype of numbers without padding, or shorter "
            "names, in one dimension"
        )
    return label


def described(schema: _core.Schema, label: str | None) -> tuple[np.dtype, Shape]:
    """The dtype and the shape of what a file holds; -1 for a length that follows from its bytes."""
    if label is None or not label.startswith(LABEL):
        return dtype_of(schema), (-1,)
    try:
        found = ast.literal_eval(label[len(LABEL) :])
        dtype, shape = _dtype(found["descr"]), tuple(int(n) for n in found["shape"])
        if any(n < 0 for n in shape[1:]) or any(n < -1 for n in shape[:1]):
            raise ValueError(f"a shape of {shape}")
        if shape[:1] == (-1,) and not dtype.itemsize * math.prod(shape[1:]):
            raise ValueError(f"rows of no bytes, {shape}")
        np.empty((0, *shape[1:]), dtype)
    except _UNREADABLE as error:
        raise DamagedError(f"the label of the array cannot be read: {error}", "Corrupt") from error
    if dtype.hasobject:
        raise DamagedError("the label states a dtype of Python objects", "Corrupt")
    return dtype, shape


def shaped(flat: np.ndarray, dtype: np.dtype, shape: Shape) -> np.ndarray:
    """Bytes as an array; the first length follows from them if it is -1."""
    row_bytes = dtype.itemsize * math.prod(shape[1:] if shape[:1] == (-1,) else shape)
    if shape[:1] == (-1,):
        rows, rest = divmod(flat.size, row_bytes) if row_bytes else (0, flat.size)
        shape = (rows, *shape[1:])
    else:
        rest = flat.size - row_bytes
    if rest:
        raise DamagedError(
            f"{flat.size} bytes do not fill an array of {dtype} and shape {shape}; "
            "decompress() gives the bytes",
            "Corrupt",
        )
    if flat.size == 0:
        return np.empty(shape, dtype)
    return flat.view(dtype).reshape(shape)


def dtype_of(schema: _core.Schema) -> np.dtype:
    """The dtype of a record: of its only number, or a structure without its padding."""
    fields = schema.fields
    if len(fields) == 1 and fields[0][0] in ("value", "byte"):
        return _number(fields[0][1])
    named = [field for field in fields if field[:2] != (f"_pad{field[2]}", "|u1")]
    return np.dtype(
        {
            "names": [name for name, _, _ in named],
            "formats": [_number(number) for _, number, _ in named],
            "offsets": [offset for _, _, offset in named],
            "itemsize": schema.stride,
        }
    )


def _number(name: str) -> np.dtype:
    return _bfloat16() if name.endswith("bf2") else np.dtype(name)


def _bfloat16() -> np.dtype:
    try:
        import ml_dtypes
    except ImportError:
        raise UnsupportedError(
            "bfloat16 numbers need the package ml_dtypes; install it", "NotBuilt"
        ) from None
    return np.dtype(ml_dtypes.bfloat16)


def _descr(dtype: np.dtype) -> Any:
    """The dtype as in a .npy header, with the name of bfloat16."""
    if dtype.name == "bfloat16":
        return "bfloat16"
    if dtype.hasobject or dtype.isbuiltin == 2:
        raise InvalidArgumentError(f"dtype {dtype} has no fixed layout of numbers")
    try:
        with warnings.catch_warnings():
            # h5py notes there which names an enumeration has; the bytes do not depend on it.
            warnings.filterwarnings("ignore", message="metadata on a dtype")
            descr = np.lib.format.dtype_to_descr(dtype)
    except ValueError as error:
        raise InvalidArgumentError(f"dtype {dtype}: {error}") from error
    if not _same(_dtype(descr), dtype):
        raise InvalidArgumentError(f"dtype {dtype} cannot be described in a file")
    return descr


def _dtype(descr: Any) -> np.dtype:
    return _bfloat16() if descr == "bfloat16" else np.lib.format.descr_to_dtype(descr)


def _same(a: np.dtype, b: np.dtype) -> bool:
    return a == b and a.itemsize == b.itemsize and a.fields == b.fields
