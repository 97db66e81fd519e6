"""Training of models."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any, Union

import numpy as np

from . import _core
from ._arrays import flat_bytes, schema_of
from ._options import threads_of
from .errors import InvalidArgumentError, SchemaError
from .models import Model

#: An array, the path of a file, or several of either.
Data = Union[np.ndarray, str, os.PathLike, Sequence[Union[np.ndarray, str, os.PathLike]]]


def train(
    data: Data,
    out: str | os.PathLike,
    *,
    config: str | os.PathLike | dict[str, Any] | None = None,
    seconds: float | None = None,
    callback: Callable[[dict[str, Any]], None] | None = None,
    schema: str | os.PathLike | None = None,
    threads: int = 0,
    device: str = "cpu",
    resume: bool = False,
    replace: bool = False,
) -> Model:
    """Trains a model on records, and returns it.

    The first 80 % of the records are trained on, the next 10 % select the best model, and the last
    10 % are never read. Ctrl-C saves the run and raises KeyboardInterrupt; ``resume=True``
    continues it.

    Args:
        data: arrays of one dtype, or files of the same records; one, or a list.
        out: the folder of the run; it holds ``model.vxm``, checkpoints and figures.
        config: the path of a YAML file such as ``configs/cpu_small.yaml``, or its keys as a
            dictionary; without it, that configuration is used.
        seconds: seconds of training; overrides the configuration, which says 110.
        callback: called with each event, a dictionary: ``{"event": "step", "step": 12,
            "bits_per_byte": 3.1, ...}``. An exception that it raises ends the training.
        schema: the path of a schema file, for data files without one beside them.
        threads: 0 for one for each core.
        device: ``"cpu"``; GPUs need a build with them.
        resume: continue the run in ``out``.
        replace: replace the run in ``out``.

    Raises:
        SchemaError: the files or arrays have different records.
        TrainingError: the configuration is not valid, or training failed.
        ExistsError: ``out`` holds a run.
    """
    items = [data] if isinstance(data, (np.ndarray, str, os.PathLike)) else list(data)
    arrays = [item for item in items if isinstance(item, np.ndarray)]
    files = [os.fspath(item) for item in items if not isinstance(item, np.ndarray)]
    if not items or (arrays and files):
        raise InvalidArgumentError(
            f"{len(arrays)} arrays and {len(files)} files; arrays or files are needed, not both"
        )
    described = {
        "files": files,
        "arrays": [flat_bytes(array) for array in arrays],
        "schema": _schema_of(arrays) if arrays else None,
        "schema_file": None if schema is None else os.fspath(schema),
    }
    text = file = None
    if isinstance(config, dict):
        text = json.dumps(config)
    elif config is not None:
        file = os.fspath(config)
    run = {
        "out": os.fspath(out),
        "config_file": file,
        "config_text": text,
        "seconds": None if seconds is None else float(seconds),
        "threads": threads_of(threads),
        "device": device,
        "resume": bool(resume),
        "replace": bool(replace),
    }
    on_event = None if callback is None else lambda event: callback(json.loads(event))
    summary = json.loads(_core.train(described, run, on_event))
    return Model.load(summary["model"]["path"])


def _schema_of(arrays: list[np.ndarray]) -> _core.Schema:
    first = arrays[0]
    schema = schema_of(first.dtype, first.shape)
    for number, array in enumerate(arrays):
        if array.dtype != first.dtype or array.shape[1:] != first.shape[1:]:
            raise SchemaError(
                f"array {number} has dtype {array.dtype} and rows of {array.shape[1:]}; array 0 has "
                f"{first.dtype} and {first.shape[1:]}",
                "MixedRecords",
            )
    if schema is None:
        raise InvalidArgumentError(f"dtype {first.dtype} has no bytes to train on")
    return schema
