"""Trained models."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from . import _core
from ._arrays import dtype_of


class Model:
    """A trained model, checked and ready to code; make one with :meth:`load`.

    A model pickles as its path, or as its bytes if it has none. Threads may share it.
    """

    __slots__ = ("_inner",)

    def __init__(self, inner: _core.Model) -> None:
        self._inner = inner

    @classmethod
    def load(cls, source: str | os.PathLike | bytes) -> Model:
        """Opens a ``.vxm`` file, or takes its bytes.

        The bounds of its integers are proved and its self-test runs.

        Raises:
            ModelError: the model is damaged, could overflow, or fails its self-test here.
            OSError: the file cannot be read.
        """
        if isinstance(source, (bytes, bytearray, memoryview)):
            return cls(_core.Model.from_bytes(bytes(source)))
        return cls(_core.Model.open(os.fspath(source)))

    @property
    def digest(self) -> str:
        """BLAKE3 of the model file in hex, by which compressed files refer to it."""
        return self._inner.digest

    @property
    def path(self) -> str | None:
        """The path that it was loaded from, if there is one."""
        path = self._inner.path
        return None if path is None else os.fspath(path)

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the records that it was trained on."""
        return dtype_of(self._inner.schema)

    def tobytes(self) -> bytes:
        """The bytes of its ``.vxm`` file."""
        return self._inner.bytes

    def describe(self) -> dict[str, Any]:
        """Its size, shape and fields, as :func:`vortex_codec.inspect` gives them."""
        return json.loads(self._inner.describe())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Model({self.path or '(in memory)'!r}, digest={self.digest[:16]!r})"

    def __reduce__(self):
        path = self.path
        return Model.load, (self.tobytes() if path is None else os.path.abspath(path),)
