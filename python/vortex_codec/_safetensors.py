"""numpy arrays as a safetensors file in memory, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np

from .errors import DamagedError, InvalidArgumentError, UnsupportedError

_NUMPY = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
    "C64": "<c8",
}
#: Types that numpy gets from the package ml_dtypes.
_ML_DTYPES = {"BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2"}


def packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The file with these arrays, in their order; numbers are stored little endian."""
    header: dict[str, object] = {}
    parts, end = [], 0
    for name, array in arrays.items():
        array = np.asarray(array)
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        raw = np.ascontiguousarray(little).tobytes()
        shape, offsets = list(array.shape), [end, end + len(raw)]
        header[str(name)] = {
            "dtype": _name_of(name, little.dtype),
            "shape": shape,
            "data_offsets": offsets,
        }
        parts.append(raw)
        end += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def unpacked(file: bytes) -> dict[str, np.ndarray]:
    """The arrays of a file, by name, in the order of their bytes."""
    try:
        length = int.from_bytes(file[:8], "little")
        header = json.loads(file[8 : 8 + length])
        header.pop("__metadata__", None)
        entries = sorted(header.items(), key=lambda item: item[1]["data_offsets"])
        found = {}
        for name, entry in entries:
            start, end = (8 + length + int(at) for at in entry["data_offsets"])
            dtype, shape = _dtype(entry["dtype"]), tuple(entry["shape"])
            values = np.frombuffer(file[start:end], np.uint8)
            if values.size != dtype.itemsize * math.prod(shape):
                raise ValueError(f"{name!r} has {values.size} bytes for {dtype} and shape {shape}")
            # An array of its own, which may be written to.
            found[name] = values.copy().view(dtype).reshape(shape)
        return found
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamagedError(f"not a safetensors file of arrays: {error}", "Corrupt") from error


def _name_of(name: str, dtype: np.dtype) -> str:
    for known, code in _NUMPY.items():
        if dtype == np.dtype(code):
            return known
    for known, extension in _ML_DTYPES.items():
        if dtype.name == extension:
            return known
    raise InvalidArgumentError(f"array {name!r} has dtype {dtype}, which safetensors does not have")


def _dtype(name: str) -> np.dtype:
    if name in _NUMPY:
        return np.dtype(_NUMPY[name])
    if name not in _ML_DTYPES:
        raise UnsupportedError(f"numpy has no type for weights of {name}", "UnsupportedVersion")
    try:
        import ml_dtypes
    except ImportError:
        raise UnsupportedError(
            f"weights of {name} need the package ml_dtypes; install it", "NotBuilt"
        ) from None
    return np.dtype(getattr(ml_dtypes, _ML_DTYPES[name]))
