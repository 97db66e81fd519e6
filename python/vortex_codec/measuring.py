"""Measuring: what a file is, and how small and how fast data becomes."""

from __future__ import annotations

import io
import json
import os
from typing import Any

import numpy as np

from . import _core
from ._arrays import flat_bytes, schema_of
from ._options import ModelLike, SchemaLike, coding, model_from, threads_of
from ._places import Place
from .models import Model

#: First bytes of models and of compressed weights.
_VXM = b"\x89VXM"
_VXW = b"\x9eVXW"


class Evaluation(dict):
    """The result of :func:`evaluate`: columns with a row for each codec.

    ``pandas.DataFrame(evaluation)`` is the table of the codecs, and
    ``pandas.DataFrame(evaluation.fields)`` that of the fields.

    Attributes:
        fields: columns ``field`` and ``bits``, the mean cost of a field of a record.
        model_bytes: size of the model file, which the sizes do not include; 0 without a model.
    """

    fields: dict[str, list[Any]]
    model_bytes: int


def evaluate(
    data: Any,
    *,
    schema: SchemaLike | None = None,
    model: ModelLike | None = None,
    level: int = 5,
    threads: int = 0,
    baselines: str = "few",
) -> Evaluation:
    """Compresses data, decodes and compares it, and does the same with other codecs.

    Args:
        data, schema, model, level, threads: as for :func:`compress`.
        baselines: the other codecs: ``"none"``, ``"few"`` (gzip, zstd, xz) or ``"all"``.

    Returns:
        A dictionary of columns: ``codec``, ``bytes``, ``bits_per_byte``, ``encode_seconds``,
        ``decode_seconds``. Vortex is the first row.
    """
    if schema is None and isinstance(data, (np.ndarray, np.generic)):
        schema = schema_of(data.dtype, data.shape)
    flat = flat_bytes(data)
    found = json.loads(_core.evaluate(flat, coding(schema, model, level, threads), baselines))
    codecs = found["codecs"]
    result = Evaluation(
        codec=[row["name"] for row in codecs],
        bytes=[row["bytes"] for row in codecs],
        bits_per_byte=[row["bytes"] * 8 / max(1, flat.size) for row in codecs],
        encode_seconds=[row["encode_s"] for row in codecs],
        decode_seconds=[row["decode_s"] for row in codecs],
    )
    bits: dict[str, float] = {}
    for role in found["roles"]:
        bits[role["field"]] = bits.get(role["field"], 0.0) + role["bits"]
    result.fields = {"field": list(bits), "bits": list(bits.values())}
    result.model_bytes = found["model_bytes"]
    return result


def inspect(
    source: str | os.PathLike | bytes,
    *,
    model: ModelLike | None = None,
    threads: int = 0,
) -> dict[str, Any]:
    """What a file of Vortex is, by its first bytes; ``source`` is a path, a URL, or its bytes.

    Returns:
        A dictionary with ``kind``: ``"compressed"`` (sizes, ``members``, and ``fields`` with their
        bits under the predictor), ``"model"`` (digest, shape, ``fields``) or ``"weights"`` (sizes).

    Raises:
        NotVortexError: it is none of these.
        MissingModelError: a compressed file whose model is not found.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        place: Any = io.BytesIO(bytes(source))
    else:
        place = Place(source, None).opened()
    with io.FileIO(place) if isinstance(place, str) else place as opened:
        start = opened.read(len(_VXM))
        opened.seek(0)
        if start == _VXM:
            return Model.load(opened.read()).describe()
        if start == _VXW:
            return json.loads(_core.list_weights(flat_bytes(opened.read())))
        # By its name, models beside it are found.
        archive = _core.Archive.open(place, model_from(model), threads_of(threads))
        return json.loads(archive.describe(threads_of(threads)))
