"""The filters of hdf5plugin: one HDF5 file with a dataset for each column; its size is that of the file."""

import io

import h5py
import hdf5plugin
import numpy as np

from interface import Rival

# A chunk holds at most this much.
CHUNK = 1 << 20


def rival(name, filters):
    def compress(table):
        file = io.BytesIO()
        with h5py.File(file, "w", libver="latest") as h5:
            for number, column in enumerate(table.columns):
                values = np.ascontiguousarray(column.values).reshape(-1)
                chunk = (max(1, min(len(values), CHUNK // values.dtype.itemsize)),)
                h5.create_dataset(str(number), data=values, chunks=chunk, **filters)
        return file.getvalue()

    def decompress(packed, table):
        with h5py.File(io.BytesIO(packed), "r") as h5:
            return [h5[str(number)][:] for number in range(len(table.columns))]

    return Rival(f"HDF5, {name}", compress, decompress)


RIVALS = [
    rival("shuffle + gzip 9", {"compression": "gzip", "compression_opts": 9, "shuffle": True}),
    rival("bitshuffle + zstd 19", dict(hdf5plugin.Bitshuffle(cname="zstd", clevel=19))),
    rival("Blosc2 shuffle + zstd 9", dict(hdf5plugin.Blosc2(cname="zstd", clevel=9, filters=hdf5plugin.Blosc2.SHUFFLE))),
    rival("shuffle + Zstd 19", {"shuffle": True, **hdf5plugin.Zstd(clevel=19)}),
    rival("BZip2 9", {"shuffle": True, **hdf5plugin.BZip2(blocksize=9)}),
]
