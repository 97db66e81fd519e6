"""What a ``.vxc`` file says about the bytes it was made from, checked without decoding them.

docs/format.md describes the layout. All checksums of stored bytes are compared, so that a damaged
file is noticed; only the decoder can notice that a block decodes to something else.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from .errors import DamagedError, InputOutputError, NotVortexError, UnsupportedError

HEADER, BLOCK_HEADER, FOOTER = 60, 28, 80
_MAGIC, _END = b"\x9eVXC\r\n\x1a\n", b"\x9eVXE\r\n\x1a\n"
_VERSION = 1
_MAX_BLOCK, _MAX_SCHEMA = 1 << 26, 1 << 25
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
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(0)
        if file.read(len(_MAGIC)) != _MAGIC:
            raise NotVortexError(f"{path}: is not a .vxc file", "NotVxc")
        found: list[Member] = []
        try:
            while end > 0:
                found.append(_last_member(file, end))
                end = found[-1].start
        except DamagedError as error:
            raise DamagedError(f"{path}: {error}", error.kind) from error
    return found[::-1]


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


def _last_member(file: BinaryIO, end: int) -> Member:
    """The member that ends here."""
    footer = _read(file, end - FOOTER, FOOTER)
    original, n_blocks, index_at, length = struct.unpack_from("<4Q", footer)
    index_crc, footer_crc = struct.unpack_from("<2I", footer, 64)
    if footer[72:] != _END:
        raise DamagedError("does not end with a footer", "Truncated")
    _check(footer[:68], footer_crc, "the footer")
    start = end - length
    if start < 0 or index_at + 16 + 8 * n_blocks + FOOTER != length:
        raise DamagedError("the footer contradicts the length of the file", "Corrupt")
    header = _read(file, start, HEADER)
    if header[:8] != _MAGIC:
        raise DamagedError(f"no member begins at byte {start}", "TrailingData")
    if header[8] != _VERSION:
        raise UnsupportedError(f"version {header[8]}; {_VERSION} is known", "UnsupportedVersion")
    _check(header[:56], struct.unpack_from("<I", header, 56)[0], "a header")
    label, block = _check_descriptions(file, start, header, start + index_at)
    for number, stored in enumerate(_index(file, start + index_at, n_blocks, index_crc)):
        _check_block(file, block, stored, number)
        block += stored
    if block != start + index_at:
        raise DamagedError("the blocks do not end where the index begins", "Corrupt")
    return Member(start, end, label, original, footer[32:64])


def _check_descriptions(
    file: BinaryIO, start: int, header: bytes, limit: int
) -> tuple[str | None, int]:
    """Checks what is between a header and its blocks; the label, and where the blocks begin."""
    flags = header[9]
    schema_bytes, model_bytes = struct.unpack_from("<2I", header, 16)
    at, label = start + HEADER, None
    if flags & 8:
        (length,) = struct.unpack("<H", _read(file, at, 2))
        text = _read(file, at, 2 + length + 4)
        _check(text[:-4], struct.unpack("<I", text[-4:])[0], "a label")
        label = text[2:-4].decode("utf-8", "replace")
        at += len(text)
    if at + schema_bytes + model_bytes > limit or schema_bytes > _MAX_SCHEMA:
        raise DamagedError("a schema or a model is longer than the member", "Corrupt")
    if flags & 1:
        schema = _read(file, at, schema_bytes + 4)
        _check(schema[:-4], struct.unpack("<I", schema[-4:])[0], "a schema")
        at += len(schema)
    if flags & 2:
        hasher = blake3_hasher()
        file.seek(at)
        for piece in pieces(file, model_bytes):
            hasher.update(piece)
        if hasher.digest() != header[24:56]:
            raise DamagedError("the checksum of a model is wrong", "ChecksumMismatch")
        at += model_bytes
    return label, at


def _index(file: BinaryIO, at: int, n_blocks: int, crc: int) -> Iterator[int]:
    """The stored length of each block, read piece by piece."""
    head = _read(file, at, 16)
    _check(head[:12], struct.unpack_from("<I", head, 12)[0], "an index")
    if struct.unpack_from("<Q", head, 4)[0] != n_blocks:
        raise DamagedError("the index and the footer state different numbers of blocks", "Corrupt")
    found, place, end = 0, at + 16, at + 16 + 8 * n_blocks
    while place < end:
        entries = _read(file, place, min(PIECE, end - place))
        found = zlib.crc32(entries, found)
        place += len(entries)
        for _, stored in struct.iter_unpack("<2I", entries):
            yield stored
    if found != crc:
        raise DamagedError("the checksum of an index is wrong", "ChecksumMismatch")


def _check_block(file: BinaryIO, at: int, stored: int, number: int) -> None:
    header = _read(file, at, BLOCK_HEADER)
    payload_bytes = struct.unpack_from("<I", header, 8)[0]
    payload_crc, header_crc = struct.unpack_from("<2I", header, 20)
    _check(header[:24], header_crc, f"the header of block {number}")
    if payload_bytes + BLOCK_HEADER != stored or payload_bytes > _MAX_BLOCK:
        raise DamagedError(f"block {number} and the index state different lengths", "Corrupt")
    _check(_read(file, at + BLOCK_HEADER, payload_bytes), payload_crc, f"block {number}")


def _check(data: bytes, stated: int, what: str) -> None:
    if zlib.crc32(data) != stated:
        raise DamagedError(f"the checksum of {what} is wrong", "ChecksumMismatch")


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    """Bytes of the file, which has them: a length is compared before so much is read."""
    size = os.fstat(file.fileno()).st_size
    if at < 0 or at + count > size:
        raise DamagedError("ends inside a member", "Truncated")
    file.seek(at)
    data = file.read(count)
    if len(data) != count:
        raise InputOutputError("the file became shorter while it was read", "Io")
    return data
