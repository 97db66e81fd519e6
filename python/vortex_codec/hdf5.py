"""The HDF5 filter: datasets of HDF5 files whose chunks are compressed by Vortex.

Importing this module lets h5py find the filter. Then h5py reads such datasets as any others, and
writes them with the arguments that :func:`filter` gives:

>>> import h5py, numpy
>>> from vortex_codec import hdf5
>>> with h5py.File("jets.h5", "w", driver="core", backing_store=False) as file:
...     jets = file.create_dataset("jets", data=numpy.arange(50000.0), **hdf5.filter(level=2))
...     bool(jets[123] == 123) and jets.id.get_storage_size() < 50000
True

- :func:`filter`: arguments for ``create_dataset`` of h5py.
- :func:`create_dataset`: a whole array at once, with all threads, searched for laws once.
- :func:`write`, :func:`read`: whole datasets, with all threads.
- ``PLUGIN_PATH``: the folder for ``HDF5_PLUGIN_PATH``, for other programs such as ``h5dump``.
- ``FILTER_ID``: the number of the filter in files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.recfunctions import repack_fields

from . import _core
from ._arrays import schema_of
from ._hdf5_chunks import Chunks, chunk_shape, first_chunks
from ._hdf5_plugin import FILTER_ID, PLUGIN_PATH, announce
from ._model_folders import reachable
from ._options import ModelLike, SchemaLike, model_from, number, schema_from, threads_of
from .errors import InvalidArgumentError

if TYPE_CHECKING:
    import h5py

__all__ = ["FILTER_ID", "PLUGIN_PATH", "create_dataset", "filter", "read", "write"]

#: Arguments of h5py's ``create_dataset`` that do not go with those given to it here.
_CHOSEN_HERE = frozenset(
    {"shape", "dtype", "compression", "compression_opts", "shuffle", "fletcher32", "scaleoffset"}
)

announce()


def filter(
    level: int = 5,
    *,
    schema: SchemaLike | None = None,
    data: np.ndarray | None = None,
    model: ModelLike | None = None,
    verify: bool = True,
) -> dict[str, Any]:
    """The arguments of h5py's ``create_dataset`` that select the filter.

    The type of the dataset is the schema of its records, as far as the filter can ask HDF5 for it:
    it can with h5py and the tools of HDF5 on Linux. Elsewhere, pass ``schema``; otherwise records are
    detected in each chunk, and the file may be larger. Do not combine it with ``shuffle`` or another
    compression.

    Args:
        level: 1 (fastest) to 9 (smallest); 8 and 9 are the same.
        schema: the dtype of the dataset, or the path of a ``.schema.yaml`` or ``.json`` file.
        data: records of the dataset, or some of them, of the same dtype. Decimals and laws are
            searched in them once, instead of in each chunk: chunks are coded faster, and small ones
            smaller. Of plain numbers, it is used only in one dimension.
        model: a :class:`~vortex_codec.Model` or its path. Readers need the same model: they find it
            through ``VORTEX_MODEL_PATH``, to which its folder is added in this process.
        verify: decode each chunk and compare, which takes about as long as coding.

    Raises:
        InvalidArgumentError: an option outside its range, or a model that is not in a file.
    """
    return _arguments(_values(level, schema, data, model, verify))


def create_dataset(
    group: h5py.Group,
    name: str,
    data: Any,
    *,
    level: int = 5,
    chunks: tuple[int, ...] | int | bool | None = None,
    model: ModelLike | None = None,
    verify: bool = True,
    threads: int = 0,
    **options: Any,
) -> h5py.Dataset:
    """Creates a dataset from an array, with the filter, and writes it with many threads.

    Decimals and laws are searched in the array once. :func:`write` says what the threads need.

    Args:
        group: an open file or group of h5py.
        name: the name of the dataset.
        data: the array; one without elements, or without dimensions, is stored without the filter.
        level, model, verify: as :func:`filter` has them.
        chunks: the shape of a chunk; about 1 MiB of whole rows if you do not say.
        threads: 0 for one for each core.
        **options: further arguments of h5py's ``create_dataset``, such as ``maxshape``; none that
            choose a type, a shape or another filter.

    Returns:
        The dataset of h5py. Structures have no gaps in it, unless numpy aligned them.

    Raises:
        InvalidArgumentError: an option outside its range, or values of variable length. If writing
            fails, for this or another reason, there is no dataset.
    """
    for option in _CHOSEN_HERE.intersection(options):
        raise InvalidArgumentError(
            f"{option}={options[option]!r}: the dataset has the type and the shape of the data, and no "
            "filter but this one; use create_dataset of h5py, with **hdf5.filter()"
        )
    array = np.asarray(data)
    if array.dtype.hasobject:
        raise _objects(array.dtype)
    array = _without_gaps(array)
    if array.size == 0 or array.dtype.itemsize == 0 or array.ndim == 0:
        return group.create_dataset(name, data=array, **options)
    if chunks is None or chunks is True:
        chunks = chunk_shape(array.shape, array.dtype.itemsize)
    chunks = (chunks,) if isinstance(chunks, int) else tuple(chunks)
    sample = schema = None
    if model is None:
        sample = first_chunks(array, chunks)
        schema = schema_of(array.dtype, chunks)
    values = _values(level, schema, sample, model, verify)
    workers = threads_of(threads)
    dataset = group.create_dataset(
        name, shape=array.shape, dtype=array.dtype, chunks=chunks, **_arguments(values), **options
    )
    try:
        write(dataset, array, threads=workers)
    except BaseException:
        # A dataset of zeros would look like data.
        if name is not None:
            del group[name]
        raise
    return dataset


def write(dataset: h5py.Dataset, data: Any, *, threads: int = 0) -> None:
    """Writes all of a dataset that has the filter, as ``dataset[...] = data`` does, with many threads.

    The threads need an array of exactly the type of the dataset, and an HDF5 that the filter can ask
    for its values: on Linux, with no second copy of HDF5 in the process. Otherwise h5py converts and
    writes, on one thread.

    Raises:
        InvalidArgumentError: another shape, a dtype that HDF5 does not convert, or a dataset whose
            chunks have other filters.
    """
    workers = threads_of(threads)
    chunks = Chunks(dataset)
    array = data if isinstance(data, np.ndarray) else _array(data, dataset.dtype)
    if array.shape != dataset.shape:
        raise InvalidArgumentError(
            f"data of shape {array.shape} for a dataset of shape {dataset.shape}"
        )
    if chunks.write(np.asarray(array), workers):
        return
    try:
        dataset[...] = data
    except (TypeError, OSError) as error:
        if isinstance(error, OSError) and "conversion path" not in str(error):
            raise
        raise InvalidArgumentError(
            f"data of {array.dtype} for a dataset of {dataset.dtype}: {error}"
        ) from error


def read(
    dataset: h5py.Dataset, *, model: ModelLike | None = None, threads: int = 0
) -> np.ndarray:
    """Reads all of a dataset that has the filter, as ``dataset[...]`` does, with many threads.

    Args:
        dataset: a dataset of h5py.
        model: the model of its chunks; without it, ``VORTEX_MODEL_PATH`` is searched.
        threads: 0 for one for each core.

    Raises:
        DamagedError: a chunk is damaged; the message says which.
        MissingModelError: the model was not found.
        InvalidArgumentError: a dataset whose chunks have other filters.
    """
    return Chunks(dataset).read(model_from(model), threads_of(threads))


def _array(data: Any, dtype: np.dtype) -> np.ndarray:
    """What h5py makes of data that is no array, for a dataset of a dtype."""
    if dtype.kind == "S":
        # h5py decides how text is coded.
        return np.asarray(data)
    array = np.asarray(data, dtype)
    if dtype.names is not None:
        # The bytes between the fields are zeros, and not what the memory held.
        array = np.zeros(array.shape, dtype)
        array[...] = data
    return array


def _without_gaps(array: np.ndarray) -> np.ndarray:
    """An array of a selection of fields, ``jets[["event", "pt"]]``, without the bytes of the others."""
    if array.dtype.names is None:
        return array
    packed = repack_fields(array.dtype, align=array.dtype.isalignedstruct)
    if packed == array.dtype:
        return array
    copy = np.zeros(array.shape, packed)
    for name in array.dtype.names:
        copy[name] = array[name]
    return copy


def _objects(dtype: np.dtype) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"dtype {dtype}: values of variable length are not in the chunks of a dataset; "
        "use a dtype of fixed length"
    )


def _arguments(values: list[int]) -> dict[str, Any]:
    return {"compression": FILTER_ID, "compression_opts": tuple(values)}


def _values(
    level: int,
    schema: SchemaLike | None,
    data: np.ndarray | None,
    model: ModelLike | None,
    verify: bool,
) -> list[int]:
    """The values of the filter."""
    level = number("level", level, 1, 9)
    if model is not None:
        return _core.hdf5_values(None, reachable(model), level, bool(verify), None)
    found = schema_from(schema)
    sample = None
    if data is not None:
        array = np.asarray(data)
        if array.dtype.hasobject:
            raise _objects(array.dtype)
        # The columns of a chunk are not known here.
        plain = array.dtype.names is None and array.ndim > 1 and found is None
        if array.nbytes > 0 and not plain:
            found = schema_of(array.dtype, (array.size,)) if found is None else found
            sample = first_chunks(array.reshape(-1), (1,))
    return _core.hdf5_values(found, None, level, bool(verify), sample)
