"""Chunks of arrays as Zarr and numcodecs store them: the same bytes as a chunk of the HDF5 filter.

A chunk decodes by itself. What is the same for all chunks of an array is a :class:`ChunkCoding`, whose
:meth:`~ChunkCoding.configuration` is JSON, so that programs that append to an array code as before.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from . import _core
from ._arrays import Shape, flat_bytes, schema_of
from ._hdf5_chunks import first_chunks
from ._model_folders import reachable
from ._options import ModelLike, SchemaLike, number, schema_from
from .errors import DamagedError, InvalidArgumentError, LimitError

#: Bytes of the longest chunk.
MAX_CHUNK_BYTES = (1 << 32) - 1

# The values of the HDF5 filter, which docs/hdf5.md describes.
_VERSION = 1
_UNVERIFIED, _MODEL, _SCHEMA, _SEARCHED, _PACKED = 1, 2, 4, 8, 16
_HEAD, _DIGEST = 4, 8

_STORED, _STORED_HEAD = b"\x9eVXR\r\n\x1a\n", 12
_FOOTER = 80
#: The version of short members, its place, and the place of their length (docs/format.md).
_SHORT, _VERSION_AT, _SHORT_LENGTH = 4, 8, slice(13, 15)

#: A schema in a configuration.
Described = Mapping[str, Any]


@dataclass(frozen=True)
class ChunkCoding:
    """How the chunks of an array are coded."""

    level: int = 5
    verify: bool = True
    #: BLAKE3 of the model in hex.
    model: str | None = None
    #: Words of a schema, and its flags among the values of the filter.
    schema: tuple[int, tuple[int, ...]] | None = None

    @classmethod
    def of(
        cls,
        level: int = 5,
        verify: bool = True,
        model: ModelLike | None = None,
        schema: SchemaLike | Described | None = None,
        data: Any = None,
        chunks: Shape | int | None = None,
    ) -> ChunkCoding:
        """From what a caller or a configuration states."""
        level = number("level", level, 1, 9)
        if isinstance(model, str) and re.fullmatch("[0-9a-f]{64}", model):
            return cls(level, bool(verify), model)
        if model is not None:
            return cls(level, bool(verify), reachable(model).digest)
        if isinstance(schema, Mapping) and "names" not in schema:
            return cls(level, bool(verify), None, _described(schema))
        found, sample = schema_from(schema), None
        if data is not None:
            sample, found = _sample(data, chunks, found)
        if found is None:
            return cls(level, bool(verify))
        values = _core.hdf5_values(found, None, level, True, sample)
        if not values[2] & _SCHEMA:
            return cls(level, bool(verify))
        flags = values[2] & (_SCHEMA | _SEARCHED | _PACKED)
        return cls(level, bool(verify), None, (flags, tuple(values[_HEAD:])))

    def configuration(self) -> dict[str, Any]:
        """The arguments of :meth:`of` in JSON, without those that have their default."""
        found: dict[str, Any] = {"level": self.level}
        if not self.verify:
            found["verify"] = False
        if self.model is not None:
            found["model"] = self.model
        if self.schema is not None:
            flags, (length, *words) = self.schema
            data = np.array(words, "<u4").tobytes()[:length]
            found["schema"] = {
                "bytes": base64.b64encode(data).decode(),
                "packed": bool(flags & _PACKED),
                "searched": bool(flags & _SEARCHED),
            }
        return found

    def encode(self, array: np.ndarray, detect: bool = False) -> bytes:
        """A chunk; ``detect`` looks for records in plain bytes."""
        if array.nbytes > MAX_CHUNK_BYTES:
            raise LimitError(
                f"a chunk of {array.nbytes} bytes; at most {MAX_CHUNK_BYTES} are possible; use "
                "smaller chunks"
            )
        values = self._values
        if self.model is None and self.schema is None and not detect:
            values = _values_of(array.dtype, array.shape, self.level, self.verify)
        flat = flat_bytes(array)
        return _core.hdf5_encode(flat, values) if flat.size else _core.compress(flat, _EMPTY, None)

    @cached_property
    def _values(self) -> list[int]:
        flags = 0 if self.verify else _UNVERIFIED
        digest: list[int] = []
        if self.model is not None:
            flags |= _MODEL
            digest = np.frombuffer(bytes.fromhex(self.model), "<u4").tolist()
        words: tuple[int, ...] = ()
        if self.schema is not None:
            flags |= self.schema[0]
            words = self.schema[1]
        return [self.level, _VERSION, flags, 0, *digest, *words]


def decode(chunk: Any, size: int | None = None) -> np.ndarray:
    """The bytes of a chunk, of which there must be ``size``; without it, as many as the chunk states."""
    flat = flat_bytes(chunk)
    if size is None:
        size = _stated_size(flat)
    if size > MAX_CHUNK_BYTES:
        raise DamagedError(
            f"the chunk states {size} bytes; at most {MAX_CHUNK_BYTES} are possible", "Corrupt"
        )
    if size == 0:
        if _stated_size(flat):
            raise DamagedError("the chunk holds bytes; none are expected", "Corrupt")
        return _core.decompress_array(flat, None, 1)
    return _core.hdf5_decode(flat, size, None)


_EMPTY = {
    "schema": None,
    "model": None,
    "level": 1,
    "threads": 1,
    "block_bytes": None,
    "verify": False,
    "embed_model": False,
}


def _stated_size(flat: np.ndarray) -> int:
    """What the decoder then checks."""
    if flat[: len(_STORED)].tobytes() == _STORED:
        return max(0, flat.size - _STORED_HEAD)
    if flat.size > _VERSION_AT and flat[_VERSION_AT] == _SHORT:
        return int.from_bytes(flat[_SHORT_LENGTH].tobytes(), "little")
    return int.from_bytes(flat[-_FOOTER : 8 - _FOOTER].tobytes(), "little")


@lru_cache(maxsize=64)
def _values_of(dtype: np.dtype, shape: Shape, level: int, verify: bool) -> list[int]:
    return _core.hdf5_values(schema_of(dtype, shape), None, level, verify, None)


def _sample(
    data: Any, chunks: Shape | int | None, schema: _core.Schema | None
) -> tuple[np.ndarray | None, _core.Schema | None]:
    """The bytes of the first chunks of an array, and the schema of its records."""
    array = np.asarray(data)
    if array.nbytes == 0:
        return None, schema
    chunk = (chunks,) * array.ndim if isinstance(chunks, int) else chunks
    if chunk is None:
        chunk = array.shape
    chunk = tuple(chunk)
    if len(chunk) != array.ndim or any(n < 1 for n in chunk):
        raise InvalidArgumentError(
            f"chunks {chunk} of an array of shape {array.shape}; a length of at least 1 is needed for "
            "each dimension"
        )
    if schema is None:
        schema = schema_of(array.dtype, chunk)
    if array.ndim == 0:
        return flat_bytes(array), schema
    return first_chunks(array, chunk), schema


def _described(schema: Described) -> tuple[int, tuple[int, ...]]:
    """The schema of a configuration."""
    unknown = set(schema) - {"bytes", "packed", "searched"}
    if unknown or "bytes" not in schema:
        raise InvalidArgumentError(
            f"the schema of the configuration has the keys {sorted(schema)}; bytes, packed and "
            "searched are known, and bytes is needed"
        )
    try:
        data = base64.b64decode(schema["bytes"], validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise InvalidArgumentError(
            f"the schema of the configuration: its bytes are not base64: {error}"
        ) from error
    words = np.frombuffer(data + bytes(-len(data) % 4), "<u4").tolist()
    flags = _SCHEMA
    flags |= _PACKED if schema.get("packed") else 0
    flags |= _SEARCHED if schema.get("searched") else 0
    return flags, (len(data), *words)
