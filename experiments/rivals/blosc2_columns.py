"""Blosc2: each column, the smallest of zstd 9 after no filter, shuffle, bitshuffle and bytedelta."""

import blosc2
import numpy as np

from interface import per_column

FILTERS = (
    [blosc2.Filter.NOFILTER],
    [blosc2.Filter.SHUFFLE],
    [blosc2.Filter.BITSHUFFLE],
    [blosc2.Filter.SHUFFLE, blosc2.Filter.BYTEDELTA],
    [blosc2.Filter.DELTA, blosc2.Filter.SHUFFLE],
)


def compress(column):
    values = np.ascontiguousarray(column.values)
    width = values.dtype.itemsize

    def one(filters):
        settings = blosc2.CParams(
            codec=blosc2.Codec.ZSTD, clevel=9, typesize=width, nthreads=1, filters=filters,
            filters_meta=[width if f == blosc2.Filter.BYTEDELTA else 0 for f in filters],
        )
        chunk = blosc2.SChunk(chunksize=max(width, min(values.nbytes, 1 << 30)), cparams=settings)
        chunk.append_data(values.reshape(-1))
        return chunk.to_cframe()

    return min((one(filters) for filters in FILTERS), key=len)


def decompress(packed, column):
    chunk = blosc2.schunk_from_cframe(packed)
    return np.frombuffer(chunk[:], column.values.dtype)


RIVALS = [per_column("Blosc2, zstd 9, best filters", compress, decompress)]
