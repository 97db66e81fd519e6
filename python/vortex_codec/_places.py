"""Places that files are read from: paths, URLs, and Python file objects."""

from __future__ import annotations

import os
import re
from typing import Any, Union

from .errors import InvalidArgumentError, UnsupportedError

_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+(::|://)")


class Place:
    """Where a file is. It pickles if what it holds does; paths become absolute."""

    __slots__ = ("path", "url", "options", "object")

    def __init__(self, source: Any, options: dict[str, Any] | None) -> None:
        self.path = self.url = self.object = None
        self.options = dict(options or {})
        if isinstance(source, str) and _URL.match(source):
            self.url = source
        elif isinstance(source, (str, os.PathLike)):
            self.path = os.path.abspath(os.fspath(source))
        elif hasattr(source, "read") and hasattr(source, "seek"):
            self.object = source
        else:
            kind = type(source).__name__
            raise InvalidArgumentError(
                f"a source of type {kind}; a path, a URL, or an object with read and seek is needed"
            )
        if self.options and self.url is None:
            raise InvalidArgumentError("storage_options are for URLs")

    def opened(self) -> Union[str, Any]:
        """A path, or an object with ``read`` and ``seek`` that reads only what it is asked for."""
        if self.path is not None:
            return self.path
        if self.object is not None:
            return self.object
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise UnsupportedError(
                f"{self.url}: URLs need the package fsspec; install it", "NotBuilt"
            ) from None
        system, path = url_to_fs(self.url, **self.options)
        return system.open(path, "rb", cache_type="none")

    def __str__(self) -> str:
        return self.path or self.url or repr(self.object)
