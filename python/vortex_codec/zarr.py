"""Vortex as a codec of Zarr arrays of version 3: chunks of numbers or records become bytes.

Zarr finds it by its name, ``vortex_codec``, wherever this package is installed; to write, pass what
:func:`codecs` returns:

>>> import numpy, zarr
>>> from vortex_codec.zarr import codecs
>>> points = numpy.arange(50_000, dtype="<f4")
>>> array = zarr.create_array(zarr.storage.MemoryStore(), data=points, **codecs(level=2))
>>> bool((array[...] == points).all()) and array.nbytes_stored() < points.nbytes
True
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from zarr.abc.codec import ArrayBytesCodec

from ._arrays import Shape
from ._chunk_coding import ChunkCoding, Described, decode
from ._options import ModelLike, SchemaLike
from .errors import InvalidArgumentError

if TYPE_CHECKING:
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer, NDBuffer

__all__ = ["VortexCodec", "codecs"]

_NAME = "vortex_codec"


def codecs(level: int = 5, **options: Any) -> dict[str, Any]:
    """The arguments of ``zarr.create_array`` that select the codec, without another one after it.

    Args:
        level, **options: as :class:`VortexCodec` has them.
    """
    return {"serializer": VortexCodec(level, **options), "compressors": None}


@dataclass(frozen=True, init=False)
class VortexCodec(ArrayBytesCodec):
    """Codes the chunks of an array; the *serializer* of ``zarr.create_array``.

    The dtype of the array is the schema of its records; chunks are stored in little-endian byte order.

    Args:
        level: 1 (fastest) to 9 (smallest); 8 and 9 are the same.
        verify: decode each chunk and compare, which takes about as long as coding.
        model: a :class:`~vortex_codec.Model` or its path. The metadata of the array hold its digest;
            readers need the same model in a folder of ``VORTEX_MODEL_PATH``.
        schema: the path of a ``.schema.yaml`` or ``.json`` file, which may state laws between fields.
        data: the array, or a part of it. Decimals and laws are searched in it once, and the metadata
            hold what was found: chunks are coded faster, and small ones smaller.
        chunks: the shape of a chunk, for ``data`` of more than one dimension.

    Raises:
        InvalidArgumentError: an option outside its range, or a model that is not in a file.
    """

    is_fixed_size = False

    coding: ChunkCoding

    def __init__(
        self,
        level: int = 5,
        *,
        verify: bool = True,
        model: ModelLike | None = None,
        schema: SchemaLike | Described | None = None,
        data: Any = None,
        chunks: Shape | int | None = None,
    ) -> None:
        if data is not None:
            data = np.asarray(data)
            data = data.astype(_little(data.dtype), copy=False)
        coding = ChunkCoding.of(level, verify, model, schema, data, chunks)
        object.__setattr__(self, "coding", coding)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> VortexCodec:
        """The codec of the metadata of an array."""
        configuration = data.get("configuration") or {}
        known = {"level", "verify", "model", "schema"}
        if data.get("name") != _NAME or set(configuration) - known:
            raise InvalidArgumentError(
                f"codec {data.get('name')!r} with the keys {sorted(configuration)}; {_NAME} with "
                f"{sorted(known)} is known"
            )
        return cls(**configuration)

    def to_dict(self) -> dict[str, Any]:
        """The codec as it is written to the metadata of an array."""
        return {"name": _NAME, "configuration": self.coding.configuration()}

    def validate(self, *, shape: Any, dtype: Any, chunk_grid: Any) -> None:
        """Refuses types of variable length."""
        native = dtype.to_native_dtype()
        if native.hasobject or native.kind == "T":
            raise InvalidArgumentError(
                f"dtype {native}: values of variable length; use a dtype of fixed length, or the codec "
                "that zarr chooses"
            )

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: ArraySpec) -> int:
        """Not known before a chunk is coded."""
        raise NotImplementedError

    def _encode_sync(self, chunk_data: NDBuffer, chunk_spec: ArraySpec) -> Buffer:
        array = chunk_data.as_numpy_array()
        dtype = _little(chunk_spec.dtype.to_native_dtype())
        coded = self.coding.encode(array.astype(dtype, copy=False))
        return chunk_spec.prototype.buffer.from_bytes(coded)

    def _decode_sync(self, chunk_data: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        dtype = _little(chunk_spec.dtype.to_native_dtype())
        size = math.prod(chunk_spec.shape) * dtype.itemsize
        flat = decode(chunk_data.as_numpy_array(), size)
        array = flat.view(dtype).reshape(chunk_spec.shape)
        return chunk_spec.prototype.nd_buffer.from_numpy_array(array)

    # The work does not hold the lock of the interpreter, so that chunks are coded side by side.

    async def _encode_single(self, chunk_data: NDBuffer, chunk_spec: ArraySpec) -> Buffer:
        return await asyncio.to_thread(self._encode_sync, chunk_data, chunk_spec)

    async def _decode_single(self, chunk_data: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        return await asyncio.to_thread(self._decode_sync, chunk_data, chunk_spec)


def _little(dtype: np.dtype) -> np.dtype:
    """The dtype with all its numbers in little-endian byte order."""
    return dtype.newbyteorder("<")
