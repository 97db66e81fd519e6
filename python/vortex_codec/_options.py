"""The options of the caller, checked, as the inner module takes them."""

from __future__ import annotations

import operator
import os
from typing import Any, Union

import numpy as np

from . import _core
from ._arrays import schema_of
from .errors import InvalidArgumentError
from .models import Model

#: A schema: a dtype, or the path of a ``.schema.yaml`` or ``.json`` file.
SchemaLike = Union[str, os.PathLike, np.dtype, type, list, dict, _core.Schema]
#: A model, or the path of one.
ModelLike = Union[Model, str, os.PathLike]

MAX_THREADS = 1024
_SCHEMA_FILES = (".yaml", ".yml", ".json")


def number(name: str, value: Any, low: int, high: int) -> int:
    """A whole number within bounds."""
    try:
        found = operator.index(value)
    except TypeError:
        raise InvalidArgumentError(f"{name} {value!r}; a whole number is needed") from None
    if not low <= found <= high:
        raise InvalidArgumentError(f"{name} {found}; {low} to {high} are possible")
    return found


def threads_of(threads: int) -> int:
    """A number of threads; 0 is one for each core."""
    return number("threads", threads, 0, MAX_THREADS)


def is_schema_file(schema: SchemaLike | None) -> bool:
    """Whether a schema is the path of a file."""
    return isinstance(schema, os.PathLike) or (
        isinstance(schema, str) and schema.endswith(_SCHEMA_FILES)
    )


def schema_from(schema: SchemaLike | None) -> _core.Schema | None:
    """The schema that a dtype or the path of a file stands for."""
    if schema is None or isinstance(schema, _core.Schema):
        return schema
    if is_schema_file(schema):
        return _core.Schema.read(os.fspath(schema))  # type: ignore[arg-type]
    try:
        dtype: np.dtype = np.dtype(schema)  # type: ignore[arg-type]
    except TypeError as error:
        raise InvalidArgumentError(
            f"schema {schema!r}: neither a dtype nor the path of a schema file: {error}"
        ) from error
    return schema_of(dtype, (0,))


def model_from(model: ModelLike | None) -> _core.Model | None:
    """The model, opened if it is a path."""
    if model is None:
        return None
    return (model if isinstance(model, Model) else Model.load(model))._inner


def coding(
    schema: SchemaLike | None = None,
    model: ModelLike | None = None,
    level: int = 5,
    threads: int = 0,
    *,
    block_bytes: int | None = None,
    verify: bool = True,
    embed_model: bool = False,
) -> dict[str, Any]:
    """All options of compression."""
    if block_bytes is not None:
        block_bytes = number("block_bytes", block_bytes, 1 << 10, 64 << 20)
    return {
        "schema": schema_from(schema),
        "model": model_from(model),
        "level": number("level", level, 1, 9),
        "threads": threads_of(threads),
        "block_bytes": block_bytes,
        "verify": bool(verify),
        "embed_model": bool(embed_model),
    }
