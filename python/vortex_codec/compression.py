"""Buffers, arrays and whole files, compressed and back."""

from __future__ import annotations

import io
import os
import warnings
from typing import Any

import numpy as np

from . import _core
from ._arrays import described, flat_bytes, label_of, schema_of, shaped
from ._options import ModelLike, SchemaLike, coding, model_from, threads_of
from .errors import InvalidArgumentError


def compress(
    data: Any,
    *,
    schema: SchemaLike | None = None,
    model: ModelLike | None = None,
    level: int = 5,
    threads: int = 0,
    block_bytes: int | None = None,
    verify: bool = True,
    embed_model: bool = False,
) -> bytes:
    """Compresses a buffer or a numpy array; returns the bytes of a ``.vxc`` file.

    Args:
        data: bytes, or any object with a buffer; or a numpy array of any shape and byte order,
            plain or structured. The dtype of an array is the schema of its records; the rows of a
            two-dimensional array of 2 to 256 columns are records. An array that is not contiguous
            in C order is copied.
        schema: the dtype of the records in a buffer, or the path of a ``.schema.yaml`` or ``.json``
            file. Without it, records are detected in the bytes. It never changes what comes back.
        model: a :class:`Model` or its path; without it, the built-in predictors are used.
        level: 1 (fastest) to 9 (smallest), without a model.
        threads: 0 for one for each core. The result does not depend on it.
        block_bytes: bytes of a block, 1 KiB to 64 MiB; the unit of random access. The level
            chooses if you do not: 16 MiB for the default.
        verify: decode the output and compare, which takes about as long as coding.
        embed_model: store the model in the file, so that decompression needs no other.

    Raises:
        InvalidArgumentError: data of Python objects, or an option outside its range.
        LimitError: a dtype whose description is too long for a file.

    >>> import numpy, vortex_codec
    >>> file = vortex_codec.compress(numpy.arange(1000, dtype="<f4"))
    >>> vortex_codec.decompress_array(file)[10:13]
    array([10., 11., 12.], dtype=float32)
    """
    label = None
    if isinstance(data, (np.ndarray, np.generic)):
        found = schema_of(data.dtype, data.shape)
        label = label_of(data.dtype, data.shape, found)
        schema = found if schema is None else schema
    options = coding(
        schema,
        model,
        level,
        threads,
        block_bytes=block_bytes,
        verify=verify,
        embed_model=embed_model,
    )
    return _core.compress(flat_bytes(data), options, label)


def decompress(data: Any, *, model: ModelLike | None = None, threads: int = 0) -> bytes:
    """The original bytes of a ``.vxc`` file; of an array, its bytes in C order.

    Args:
        data: the bytes of the file, or any object with a buffer.
        model: the model that the file was made with, if it was made with one and does not embed it.
            Without it, the folders of the environment variable ``VORTEX_MODEL_PATH`` are searched.
        threads: 0 for one for each core.

    Raises:
        NotVortexError, DamagedError, UnsupportedError: the bytes cannot be read.
        MissingModelError: the model was not found.
    """
    return _core.decompress(flat_bytes(data), model_from(model), threads_of(threads))


def decompress_array(
    data: Any, *, model: ModelLike | None = None, threads: int = 0
) -> np.ndarray:
    """The array of a ``.vxc`` file, with the dtype and the shape that it was made from.

    A file that was not made from an array becomes an array of its records.

    Raises:
        DamagedError: the bytes are not an array of the stated dtype and shape, and as
            :func:`decompress`.
        InvalidArgumentError: the file holds several arrays; read it with :class:`Archive`.
    """
    flat = flat_bytes(data)
    inner = model_from(model)
    archive = _core.Archive.open(io.BytesIO(flat.tobytes()), inner, threads_of(threads))
    datasets = archive.datasets()
    if len(datasets) != 1:
        names = ", ".join(name for name, *_ in datasets[:10])
        raise InvalidArgumentError(
            f"the file holds {len(datasets)} arrays ({names}); read them with Archive"
        )
    _, schema, _, _, label = datasets[0]
    dtype, shape = described(schema, label)
    return shaped(_core.decompress_array(flat, inner, threads_of(threads)), dtype, shape)


def compress_file(
    source: str | os.PathLike,
    out: str | os.PathLike,
    *,
    datasets: bool = False,
    replace: bool = False,
    **options: Any,
) -> dict[str, int]:
    """Compresses a file to another one, as the command ``vortex compress`` does.

    It reads and writes piece by piece; ``out`` gets its name when it is complete.

    Args:
        source: the file. Its records come from a schema file beside it, from its format, or from
            its bytes.
        out: the name of the ``.vxc`` file.
        datasets: code the values of the datasets in the file (HDF5, ROOT, npy, npz, safetensors)
            instead of its bytes; :class:`Archive` reads them. A warning names what of the file is
            not read.
        replace: whether an existing ``out`` may be replaced.
        **options: as :func:`compress` has them.

    Returns:
        ``{"original_bytes": ..., "compressed_bytes": ...}``

    Raises:
        ExistsError: ``out`` exists; and as :func:`compress`.
    """
    *sizes, missing = _core.compress_file(
        os.fspath(source), os.fspath(out), coding(**options), bool(datasets), bool(replace)
    )
    if missing:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        parts = "; ".join(missing[:5])
        warnings.warn(f"{os.fspath(source)}: not read: {parts}{more}", stacklevel=2)
    return dict(zip(("original_bytes", "compressed_bytes"), sizes))


def decompress_file(
    source: str | os.PathLike,
    out: str | os.PathLike,
    *,
    model: ModelLike | None = None,
    threads: int = 0,
    replace: bool = False,
) -> dict[str, int]:
    """Decompresses a file to another one, piece by piece; models beside ``source`` are found.

    Returns:
        ``{"original_bytes": ..., "compressed_bytes": ...}``

    Raises:
        ExistsError: ``out`` exists; and as :func:`decompress`.
    """
    sizes = _core.decompress_file(
        os.fspath(source), os.fspath(out), model_from(model), threads_of(threads), bool(replace)
    )
    return dict(zip(("original_bytes", "compressed_bytes"), sizes))
