"""Compressed files as sequences of records; only the needed blocks are read and decoded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from . import _core
from ._options import ModelLike, model_from, threads_of
from ._places import Place
from ._rows import Rows
from .errors import InvalidArgumentError, NotFoundError
from .models import Model


class Archive(Mapping):
    """A compressed file with several datasets, such as those of an HDF5 file.

    It maps names to :class:`File`: ``archive["jets"][1000:2000]``. A file of one array or one table
    is an archive of one dataset. It pickles by its path or URL; threads may share it.

    Args:
        source: a path, an fsspec URL (``s3://...``, read by ranges of bytes), or an object with
            ``read`` and ``seek`` in binary mode.
        model: the model that the file was made with, if it does not embed it and it is not beside
            the file.
        threads: 0 for one for each core.
        storage_options: options of fsspec for a URL.

    Raises:
        NotVortexError, DamagedError, UnsupportedError: the file cannot be read.
        OSError: the system cannot read it.
    """

    def __init__(
        self,
        source: Any,
        *,
        model: ModelLike | None = None,
        threads: int = 0,
        storage_options: dict[str, Any] | None = None,
    ) -> None:
        self._place = Place(source, storage_options)
        if model is not None and not isinstance(model, Model):
            model = Model.load(model)
        self._model = model
        self._threads = threads_of(threads)
        self._inner = _core.Archive.open(
            self._place.opened(), model_from(self._model), self._threads
        )
        self._files = {
            dataset[0]: File(self, dataset[0], Rows(self._inner, *dataset))
            for dataset in self._inner.datasets()
        }

    @property
    def names(self) -> list[str]:
        """The names of the datasets, in order."""
        return list(self._files)

    def __getitem__(self, name: str) -> File:
        try:
            return self._files[name]
        except KeyError:
            names = ", ".join(self.names[:10]) + (", ..." if len(self) > 10 else "")
            raise NotFoundError(
                f"{self._place}: no dataset {name!r}; there are {len(self)}: {names}", "NotFound"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __repr__(self) -> str:
        return f"Archive({str(self._place)!r}, names={self.names!r})"

    def __reduce__(self):
        return _reopened, (self._place, self._model, self._threads)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class File:
    """A table in a compressed file: a sequence of records; :func:`open` makes one.

    ``len(file)`` records of ``file.dtype``; indices are those of a numpy array, along the first
    axis:

    - ``file[5]`` a record, ``file[1000:2000]`` and ``file[::-7]`` arrays;
    - ``file["pt"]`` a field of all records, ``file["pt", 1000:2000]`` of some; where the file
      stores columns, only the blocks of this field are read;
    - ``file[["pt", "eta"]]`` several fields of all records.

    Iteration gives record after record; :meth:`blocks` gives an array for each block. Every read
    decodes the blocks that it touches; the last block that single records came from is kept.
    Threads may share a file. It pickles by its path or URL, not by its contents.
    """

    def __init__(self, archive: Archive, name: str, rows: Rows) -> None:
        self._archive, self._name, self._rows = archive, name, rows

    @property
    def name(self) -> str:
        """The name of the dataset in its archive."""
        return self._name

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the records; for an array of more dimensions, of its elements."""
        return self._rows.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the whole array."""
        return self._rows.shape

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields; empty if a record is a single number."""
        return self.dtype.names or ()

    @property
    def block_rows(self) -> int:
        """Number of records of a block, the unit that is decoded at once."""
        return self._rows.block_rows

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("the file holds a single value, which has no len()")
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        return self._rows.get(index)

    def __iter__(self) -> Iterator[Any]:
        for block in self.blocks():
            yield from block

    def blocks(self, rows: int | None = None) -> Iterator[np.ndarray]:
        """Arrays of consecutive records, each of a block, or of ``rows`` records."""
        step = self.block_rows if rows is None else rows
        if step < 1:
            raise InvalidArgumentError(f"blocks of {step} records; at least 1 is needed")
        for start in range(0, len(self), step):
            yield self[start : start + step]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("reading a compressed file always makes a new array")
        array = self[...]
        return array if dtype is None else array.astype(dtype)

    def __repr__(self) -> str:
        place = str(self._archive._place)
        return f"<vortex_codec.File {place!r} {self._name!r}: {self.dtype}, shape {self.shape}>"

    def __reduce__(self):
        return _dataset, (self._archive, self._name)

    def __enter__(self) -> File:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def open(
    source: Any,
    *,
    model: ModelLike | None = None,
    threads: int = 0,
    storage_options: dict[str, Any] | None = None,
) -> File:
    """Opens a compressed file of one table or array; see :class:`File` for what it can do.

    Arguments and exceptions are those of :class:`Archive`, which is for files of several datasets.

    Raises:
        InvalidArgumentError: the file holds several datasets; the message names them.
    """
    archive = Archive(source, model=model, threads=threads, storage_options=storage_options)
    if len(archive) != 1:
        names = ", ".join(archive.names[:10])
        raise InvalidArgumentError(
            f"{archive._place}: {len(archive)} datasets ({names}); open it with Archive and name one"
        )
    return archive[archive.names[0]]


def _reopened(place: Place, model: Model | None, threads: int) -> Archive:
    source = place.path or place.url or place.object
    return Archive(source, model=model, threads=threads, storage_options=place.options)


def _dataset(archive: Archive, name: str) -> File:
    return archive[name]
