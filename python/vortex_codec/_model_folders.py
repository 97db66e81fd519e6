"""Models that are named by their digest, and found in the folders of ``VORTEX_MODEL_PATH``."""

from __future__ import annotations

import os

from . import _core
from ._options import ModelLike, model_from
from .errors import InvalidArgumentError
from .models import Model

_MODEL_PATH = "VORTEX_MODEL_PATH"


def reachable(model: ModelLike) -> _core.Model:
    """The model, whose folder this process searches from now on."""
    if isinstance(model, Model) and model.path is None:
        raise InvalidArgumentError(
            "the model is in memory only; a model file is needed: load it from its path"
        )
    inner = model_from(model)
    assert inner is not None and inner.path is not None
    folder = os.path.dirname(os.path.abspath(os.fspath(inner.path)))
    before = [place for place in os.environ.get(_MODEL_PATH, "").split(os.pathsep) if place]
    if folder not in before:
        os.environ[_MODEL_PATH] = os.pathsep.join([*before, folder])
    return inner
