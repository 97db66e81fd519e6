"""Chunks of HDF5 datasets, read and written directly: HDF5 moves the bytes, threads code them."""

from __future__ import annotations

import itertools
import math
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core
from ._arrays import flat_bytes
from ._hdf5_plugin import FILTER_ID
from .errors import DamagedError, InvalidArgumentError, VortexError

if TYPE_CHECKING:
    import h5py

Shape = tuple[int, ...]

#: Bytes of a chunk where the caller does not choose.
_CHUNK_BYTES = 1 << 20
#: Bytes that are searched for decimals and laws; more change nothing.
_SAMPLE_BYTES = 8 << 20
#: First bytes of a chunk that is a ``.vxc`` file or stored, but for the last letter.
_MAGIC = b"\x9eVX"
#: First version of HDF5 whose list of chunks is used; some before it have other offsets there.
_ITERATES = (1, 14, 4)


def chunk_shape(shape: Shape, itemsize: int) -> Shape:
    """Chunks of whole rows and about 1 MiB; parts of rows if those are longer."""
    left = max(1, _CHUNK_BYTES // itemsize)
    chunk: list[int] = []
    for length in reversed(shape):
        chunk.append(max(1, min(length, left)))
        left //= chunk[-1]
    return tuple(reversed(chunk))


def first_chunks(array: np.ndarray, chunk: Shape) -> np.ndarray:
    """The bytes of the first chunks of an array, up to those that a search reads."""
    if array.ndim == 1:
        return flat_bytes(array[: math.ceil(_SAMPLE_BYTES / array.dtype.itemsize)])
    pieces, size = [], 0
    for offset in _offsets(array.shape, chunk):
        pieces.append(flat_bytes(array[_place(offset, chunk, array.shape)]))
        size += pieces[-1].size
        if size >= _SAMPLE_BYTES:
            break
    return np.concatenate(pieces)


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _offsets(shape: Shape, chunk: Shape) -> Iterator[Shape]:
    """The first index of each chunk."""
    return itertools.product(*(range(0, n, step) for n, step in zip(shape, chunk)))


def _place(offset: Shape, chunk: Shape, shape: Shape) -> tuple[slice, ...]:
    """The part of the array that a chunk covers."""
    ends = (min(first + step, n) for first, step, n in zip(offset, chunk, shape))
    return tuple(slice(first, end) for first, end in zip(offset, ends))


class Chunks:
    """The chunks of a dataset whose only filter is this one."""

    def __init__(self, dataset: h5py.Dataset) -> None:
        self.dataset = dataset
        self.shape: Shape = dataset.shape
        self.dtype: np.dtype = dataset.dtype
        properties = dataset.id.get_create_plist()
        count = properties.get_nfilters() if dataset.chunks else 0
        filters = [properties.get_filter(index)[0] for index in range(count)]
        if filters != [FILTER_ID]:
            raise InvalidArgumentError(
                f"the filters of dataset {dataset.name} are {filters}; chunks are coded here only if "
                f"{FILTER_ID} is the only one; use dataset[...] for others"
            )
        self.chunk: Shape = dataset.chunks
        if self.dtype.hasobject:
            raise InvalidArgumentError(
                f"dataset {dataset.name} of {self.dtype}: values of variable length are not in its "
                "chunks; use dataset[...] instead"
            )
        # The bytes of a chunk are those of the array only if both have the same layout.
        if self.dtype.subdtype is not None or not self._has_type_of(self.dtype):
            raise InvalidArgumentError(
                f"the type of dataset {dataset.name} differs from the numpy dtype {self.dtype} that "
                "h5py gives it; use dataset[...] instead"
            )
        self._properties = properties
        # Elements as plain bytes, of which numpy also copies those between the members.
        self._bytes = np.dtype(f"V{self.dtype.itemsize}")
        fill = np.full(1, dataset.fillvalue, self.dtype).view(self._bytes)
        self._fill = fill[0]

    def write(self, array: np.ndarray, threads: int) -> bool:
        """Codes the chunks of an array and writes them. Returns False, and writes nothing, if the array
        must be converted, or the values of the filter are not known."""
        import h5py

        if not self._has_type_of(array.dtype):
            return False
        with h5py._objects.phil:
            values = _core.hdf5_values_of(self._properties.id)
        if values is None:
            return False
        elements = array.view(self._bytes)

        def code(offset: Shape) -> bytes | None:
            part = elements[_place(offset, self.chunk, self.shape)]
            if part.shape != self.chunk:
                return None
            return _core.hdf5_encode(flat_bytes(part), values)

        for offset, coded in self._each(code, threads):
            if coded is None:
                part = elements[_place(offset, self.chunk, self.shape)]
                # (A copy of plain bytes, because numpy copies none between the members.)
                part = np.ascontiguousarray(part).view(array.dtype)
                self._through_hdf5(part, offset, write=True)
            else:
                self.dataset.id.write_direct_chunk(offset, coded)
        return True

    def read(self, model: _core.Model | None, threads: int) -> np.ndarray:
        """Reads all chunks and decodes them."""
        array = np.empty(self.shape, self.dtype)
        elements = array.view(self._bytes)
        chunk_bytes = math.prod(self.chunk) * self.dtype.itemsize
        find = self._written_chunks()

        def decode(offset: Shape) -> None:
            place = _place(offset, self.chunk, self.shape)
            info = find(offset)
            if info is None or info.byte_offset is None:
                # The chunk was never written.
                elements[place] = self._fill
                return
            _, chunk = self.dataset.id.read_direct_chunk(offset)
            flat = np.frombuffer(chunk, np.uint8)
            part = elements[place]
            # (Some versions of HDF5 give a mask of 0 with the chunk.)
            if not info.filter_mask & 1:
                at_edge = part.shape != self.chunk
                if at_edge and flat.size == chunk_bytes and not chunk.startswith(_MAGIC):
                    # Datasets may have chunks at the edge without filters; HDF5 knows whether this one has.
                    whole = np.empty(part.shape, self.dtype)
                    self._through_hdf5(whole, offset, write=False)
                    elements[place] = whole.view(self._bytes)
                    return
                flat = _core.hdf5_decode(flat, chunk_bytes, model)
            if flat.size != chunk_bytes:
                raise DamagedError(f"{flat.size} bytes; a chunk has {chunk_bytes}", "Corrupt")
            whole = flat.view(self._bytes).reshape(self.chunk)
            elements[place] = whole[tuple(slice(0, n) for n in part.shape)]

        for _ in self._each(decode, threads):
            pass
        return array

    def _has_type_of(self, dtype: np.dtype) -> bool:
        """Whether the bytes of an array of this dtype are those of the dataset."""
        import h5py

        if dtype.itemsize != self.dtype.itemsize or dtype.hasobject:
            return False
        try:
            return h5py.h5t.py_create(dtype, logical=True) == self.dataset.id.get_type()
        except TypeError:
            return False

    def _through_hdf5(self, part: np.ndarray, offset: Shape, *, write: bool) -> None:
        """Writes or reads the elements of one chunk by HDF5. It converts nothing, because the types are equal."""
        import h5py

        place = self.dataset.id.get_space()
        place.select_hyperslab(offset, part.shape)
        move = self.dataset.id.write if write else self.dataset.id.read
        move(h5py.h5s.create_simple(part.shape), place, part, self.dataset.id.get_type())

    def _written_chunks(self) -> Callable[[Shape], Any]:
        """What HDF5 knows of the chunk at an index; None or no offset if it was never written."""
        import h5py

        if h5py.version.hdf5_version_tuple < _ITERATES or not hasattr(self.dataset.id, "chunk_iter"):
            # Each call takes time in proportion to the number of chunks.
            return self.dataset.id.get_chunk_info_by_coord
        found: dict[Shape, Any] = {}

        def add(info: Any) -> None:
            found[info.chunk_offset] = info

        self.dataset.id.chunk_iter(add)
        return found.get

    def _each(
        self, work: Callable[[Shape], Any], threads: int
    ) -> Iterator[tuple[Shape, Any]]:
        """The result of `work` for each chunk in order; a few are ahead of the caller."""
        workers = threads or _cores()
        running: deque[tuple[Shape, Future]] = deque()
        pool = ThreadPoolExecutor(workers)
        try:
            for offset in _offsets(self.shape, self.chunk):
                running.append((offset, pool.submit(work, offset)))
                if len(running) > 2 * workers:
                    yield self._result(*running.popleft())
            while running:
                yield self._result(*running.popleft())
        finally:
            pool.shutdown(cancel_futures=True)

    def _result(self, offset: Shape, future: Future) -> tuple[Shape, Any]:
        try:
            return offset, future.result()
        except VortexError as error:
            message = f"dataset {self.dataset.name}, chunk at {offset}: {error}"
            raise type(error)(message, error.kind) from error
