"""Files that are written completely or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable

from .errors import ExistsError


def write_atomic(path: str | os.PathLike, pieces: Iterable[bytes], replace: bool) -> None:
    """Writes to a temporary file beside, syncs it, gives it its name, and syncs the folder.

    Raises:
        ExistsError: there is such a file, and ``replace`` is not set.
        OSError: as the system says.
    """
    path = os.path.abspath(os.fspath(path))
    folder, name = os.path.split(path)
    number, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=folder)
    try:
        with os.fdopen(number, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_UMASK)
        if replace:
            os.replace(temporary, path)
        else:
            _rename_new(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _rename_new(temporary: str, path: str) -> None:
    """Renames unless there is such a file, which may have come a moment ago."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise ExistsError(f"{path}: exists already; pass replace=True", "OutputExists") from None
    except OSError:
        # A file system without links.
        if os.path.lexists(path):
            raise ExistsError(
                f"{path}: exists already; pass replace=True", "OutputExists"
            ) from None
        os.rename(temporary, path)
    else:
        os.unlink(temporary)


def _sync_folder(folder: str) -> None:
    # (Windows opens no folders.)
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _umask() -> int:
    # The only way to ask is to set it. That concerns all threads, so it is done once, at import.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


_UMASK = _umask()
