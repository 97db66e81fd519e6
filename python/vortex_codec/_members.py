"""What a ``.vxc`` file says about the bytes it was made from, checked without decoding them.

All checksums of stored bytes are compared, so that a damaged file is noticed; only the decoder can
notice that a block decodes to something else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from . import _core
from .errors import UnsupportedError

#: The label of the first member of a file of datasets.
DATASETS = "vortex:manifest"

#: Bytes that are read and hashed at once.
PIECE = 1 << 20


@dataclass(frozen=True)
class Member:
    """A member of a file: where it is, and what it was made from."""

    start: int
    stop: int
    label: str | None
    original_bytes: int
    original_digest: bytes


def blake3_hasher() -> Any:
    """A new BLAKE3."""
    try:
        from blake3 import blake3
    except ImportError:
        raise UnsupportedError(
            "digests need the package blake3; install it, or this package with [dask]", "NotBuilt"
        ) from None
    return blake3()


def pieces(file: BinaryIO, count: int | None = None) -> Iterator[bytes]:
    """The next bytes of a file, all or ``count``, in pieces."""
    while count is None or count > 0:
        piece = file.read(PIECE if count is None else min(PIECE, count))
        if not piece:
            return
        yield piece
        if count is not None:
            count -= len(piece)


def members(path: str | os.PathLike) -> list[Member]:
    """The members of a file in order, after a check of all stored bytes.

    Raises:
        NotVortexError, DamagedError, UnsupportedError, OSError.
    """
    return [Member(*found) for found in _core.members(os.fspath(path))]


def holds_range(path: str | os.PathLike, source: BinaryIO, start: int, stop: int) -> str | None:
    """Why a ``.vxc`` file is not made from these bytes of a file; None if it is."""
    return _difference(members(path), source, start, stop, None)


def holds_file(path: str | os.PathLike, source: BinaryIO, whole: Any) -> str | None:
    """Why a ``.vxc`` file is not made from all of a file; None if it is. ``whole`` hashes the file."""
    stop = os.fstat(source.fileno()).st_size
    return _difference(members(path), source, 0, stop, whole)


def _difference(
    found: list[Member], source: BinaryIO, start: int, stop: int, whole: Any
) -> str | None:
    stored = sum(member.original_bytes for member in found)
    if stored != stop - start:
        return f"holds {stored} bytes, while the input has {stop - start}"
    source.seek(start)
    same = True
    for member in found:
        own = blake3_hasher()
        count = 0
        for piece in pieces(source, member.original_bytes):
            own.update(piece)
            count += len(piece)
            if whole is not None:
                whole.update(piece)
        same &= count == member.original_bytes and own.digest() == member.original_digest
    return None if same else "holds other bytes than the input"
