"""Weights of networks: safetensors files, and dictionaries of numpy arrays."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Union

import numpy as np

from . import _core, _safetensors
from ._arrays import flat_bytes
from ._options import threads_of

#: The bytes of a safetensors file, or arrays by name.
Weights = Union[bytes, bytearray, memoryview, Mapping[str, np.ndarray]]


def compress_weights(
    weights: Weights, *, base: str | os.PathLike | None = None, threads: int = 0
) -> bytes:
    """Compresses weights; returns the bytes of a ``.vxw`` file, decoded again and compared.

    Args:
        weights: the bytes of a safetensors file, or a dictionary of numpy arrays of numbers.
        base: the path of an earlier checkpoint; then only the differences are stored.
        threads: 0 for one for each core.

    Raises:
        NotVortexError: bytes that are not a safetensors file.
        InvalidArgumentError: an array of a type that safetensors does not have.
    """
    data = _safetensors.packed(weights) if isinstance(weights, Mapping) else weights
    return _core.compress_weights(flat_bytes(data), _path(base), threads_of(threads))


def decompress_weights(
    data: Any, *, base: str | os.PathLike | None = None, threads: int = 0
) -> bytes:
    """The safetensors file of a ``.vxw`` file, byte for byte.

    Args:
        data: the bytes of the ``.vxw`` file.
        base: the path of the checkpoint that it was compressed with, if there was one.

    Raises:
        BaseCheckpointError: the base is missing, or is another one.
        NotVortexError, DamagedError: the bytes cannot be read.
    """
    return _core.decompress_weights(flat_bytes(data), _path(base), threads_of(threads))


def decompress_weights_arrays(
    data: Any, *, base: str | os.PathLike | None = None, threads: int = 0
) -> dict[str, np.ndarray]:
    """As :func:`decompress_weights`, as numpy arrays by name, in the order of the file.

    Raises:
        UnsupportedError: bfloat16 or 8-bit floats, without the package ml_dtypes.
    """
    return _safetensors.unpacked(decompress_weights(data, base=base, threads=threads))


def _path(base: str | os.PathLike | None) -> str | None:
    return None if base is None else os.fspath(base)
