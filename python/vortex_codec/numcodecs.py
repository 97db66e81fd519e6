"""Vortex as a codec of numcodecs, for Zarr arrays of version 2, kerchunk, and other users of numcodecs.

numcodecs finds it by its name, ``vortex_codec``, wherever this package is installed:

>>> import numcodecs, numpy
>>> codec = numcodecs.get_codec({"id": "vortex_codec", "level": 2})
>>> points = numpy.arange(5000, dtype="<f4")
>>> packed = codec.encode(points)
>>> len(packed) < points.nbytes, bool((codec.decode(packed).view("<f4") == points).all())
(True, True)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numcodecs.abc import Codec

from ._arrays import Shape, flat_bytes
from ._chunk_coding import ChunkCoding, Described, decode
from ._options import ModelLike, SchemaLike
from .errors import InvalidArgumentError

__all__ = ["Vortex"]


class Vortex(Codec):
    """Compresses chunks of numbers and records.

    The dtype of a chunk is the schema of its records. Put no shuffle, delta or quantisation before it:
    they hide the numbers. Chunks should have at least some 100 KB.

    Args:
        level: 1 (fastest) to 9 (smallest); 8 and 9 are the same.
        verify: decode each chunk and compare, which takes about as long as coding.
        model: a :class:`~vortex_codec.Model` or its path. The configuration holds its digest; readers
            need the same model in a folder of ``VORTEX_MODEL_PATH``.
        schema: the dtype of the records of chunks that come as bytes, or the path of a
            ``.schema.yaml`` or ``.json`` file.
        data: records of the array, or some of them. Decimals and laws are searched in them once, and
            the configuration holds what was found: chunks are coded faster, and small ones smaller.
        chunks: the shape of a chunk, for ``data`` of more than one dimension.

    Raises:
        InvalidArgumentError: an option outside its range, or a model that is not in a file.
    """

    codec_id = "vortex_codec"

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
        self._coding = ChunkCoding.of(level, verify, model, schema, data, chunks)

    def encode(self, buf: Any) -> bytes:
        """The chunk of an array or a buffer, whose bytes are taken in the order of memory."""
        if isinstance(buf, (bytes, bytearray)):
            return self._coding.encode(flat_bytes(buf), detect=True)
        return self._coding.encode(_in_order_of_memory(buf))

    def decode(self, buf: Any, out: Any = None) -> Any:
        """The bytes of a chunk as an array of uint8, or in ``out``, which must have their size.

        Raises:
            DamagedError: the chunk is damaged, or has another size.
            MissingModelError: the model was not found.
        """
        if out is None:
            return decode(buf)
        target = _in_order_of_memory(out)
        if not target.flags.c_contiguous or not target.flags.writeable:
            raise InvalidArgumentError("out is not contiguous, or cannot be written to")
        # Byte by byte: numpy does not copy what is between the members of a structure.
        flat_bytes(target)[...] = decode(buf, target.nbytes)
        return out

    def get_config(self) -> dict[str, Any]:
        """The configuration in JSON, from which ``numcodecs.get_codec`` makes the codec again."""
        return {"id": self.codec_id, **self._coding.configuration()}

    def __repr__(self) -> str:
        words = (f"{key}={value!r}" for key, value in self._coding.configuration().items())
        return f"Vortex({', '.join(words)})"


def _in_order_of_memory(buf: Any) -> np.ndarray:
    """An array whose order in C is that of memory, if it is contiguous at all."""
    array = np.asarray(buf)
    if array.dtype.hasobject:
        raise InvalidArgumentError(
            f"dtype {array.dtype}: Python objects have no bytes; put a codec for objects before, such "
            "as numcodecs.VLenUTF8"
        )
    return array.T if array.flags.f_contiguous and not array.flags.c_contiguous else array
