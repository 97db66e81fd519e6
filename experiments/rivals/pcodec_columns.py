"""pcodec at its highest level with the columns that the description states, instead of records that are detected."""

import numpy as np
from pcodec import ChunkConfig, standalone

from arrays import rival

TYPES = tuple(f"{kind}{width}" for kind in "iu" for width in (2, 4, 8)) + ("f2", "f4", "f8")


def compress(values):
    return standalone.simple_compress(values.reshape(-1), ChunkConfig(compression_level=12))


def decompress(packed, column):
    return np.asarray(standalone.simple_decompress(packed))


RIVALS = [rival("pcodec 12, stated columns", TYPES, compress, decompress)]
