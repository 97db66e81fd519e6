"""Lossless compression of tables of numbers: numpy arrays, files of records, models, weights.

Decompression gives back the same bytes on every machine, or an exception.

- :func:`compress`, :func:`decompress`, :func:`decompress_array`: buffers and numpy arrays.
- :func:`compress_file`, :func:`decompress_file`: files, piece by piece.
- :func:`open`, :class:`File`, :class:`Archive`: compressed files as sequences of records.
- :func:`train`, :class:`Model`: models for large collections of one kind.
- :func:`evaluate`, :func:`inspect`: sizes, speeds, and what a file is.
- :func:`compress_weights`, :func:`decompress_weights`, :func:`decompress_weights_arrays`.
- :class:`VortexError` and the classes of :mod:`vortex_codec.errors`.

Long calls do not hold the lock of the interpreter, and Ctrl-C ends them. ``threads=0`` is one
thread for each core; no result depends on the number of threads.

>>> import numpy, vortex_codec
>>> points = numpy.zeros(100, [("x", "<f4"), ("n", "<i2")])
>>> file = vortex_codec.compress(points)
>>> bool((vortex_codec.decompress_array(file) == points).all())
True
"""

from .compression import (
    compress,
    compress_file,
    decompress,
    decompress_array,
    decompress_file,
)
from .errors import VortexError
from .files import Archive, File, open
from .measuring import Evaluation, evaluate, inspect
from .models import Model
from .training import train
from .weights import compress_weights, decompress_weights, decompress_weights_arrays

__version__ = "0.1.0"

__all__ = [
    "Archive",
    "Evaluation",
    "File",
    "Model",
    "VortexError",
    "compress",
    "compress_file",
    "compress_weights",
    "decompress",
    "decompress_array",
    "decompress_file",
    "decompress_weights",
    "decompress_weights_arrays",
    "evaluate",
    "inspect",
    "open",
    "train",
]
