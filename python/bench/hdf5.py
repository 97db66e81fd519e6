"""Sizes and times of a dataset under the HDF5 filter and under others.

    python python/bench/hdf5.py FILE [DATASET] [--chunks 100,40] [--levels 2,5] [--threads N]

Every dataset of FILE with at least 64 KiB of numbers is written by h5py with gzip -9 and shuffle, with
the filter, and with the filters of the package hdf5plugin if it is installed, all with the same chunks:
those that h5py chooses, unless you name others. Then the filter reads and writes whole chunks directly,
with 1 and with N threads. The last line is a file as a user would make it: `create_dataset` with its
own chunks. All values are read back and compared, byte for byte. Sizes are those of all chunks, percents are
against gzip; times are of one run.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

from vortex_codec import hdf5

MIN_BYTES = 64 << 10


def rivals():
    """The filters to compare with: names and arguments of create_dataset."""
    yield "gzip -9, shuffle", {"compression": "gzip", "compression_opts": 9, "shuffle": True}
    try:
        import hdf5plugin
    except ImportError:
        print("hdf5plugin is not installed: without Blosc2 and Zstd")
        return
    yield "Zstd 19, shuffle", {"shuffle": True, **hdf5plugin.Zstd(clevel=19)}
    shuffled = {"filters": hdf5plugin.Blosc2.SHUFFLE, "clevel": 9}
    yield "Blosc2 zstd 9", dict(hdf5plugin.Blosc2(cname="zstd", **shuffled))


def timed(work):
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


class Table:
    """Runs ways to write and read an array, compares, and prints a line for each."""

    def __init__(self, array, folder):
        self.array, self.folder = array, folder
        self.gzip_bytes = None

    def measure(self, name, create, read=lambda dataset: dataset[...]):
        path = Path(self.folder, "measured.h5")

        def write():
            with h5py.File(path, "w") as file:
                create(file)

        def read_back():
            with h5py.File(path) as file:
                return read(file["x"])

        _, written = timed(write)
        back, was_read = timed(read_back)
        assert back.dtype == self.array.dtype and back.tobytes() == self.array.tobytes(), name
        with h5py.File(path) as file:
            size, chunks = file["x"].id.get_storage_size(), file["x"].chunks
        self.gzip_bytes = self.gzip_bytes or size
        change = 100 * (size / self.gzip_bytes - 1)
        mb = self.array.nbytes / 1e6
        print(
            f"{name:34} {size:11,} {change:+7.1f} %  {mb / written:8.2f} {mb / was_read:8.2f} MB/s  {chunks}",
            flush=True,
        )


def bench(array, chunks, levels, threads, folder):
    table = Table(array, folder)

    def plain(**options):
        return lambda file: file.create_dataset("x", data=array, chunks=chunks, **options)

    def direct(level, n):
        def create(file):
            shape, dtype = array.shape, array.dtype
            dataset = file.create_dataset("x", shape, dtype, chunks=chunks, **hdf5.filter(level))
            hdf5.write(dataset, array, threads=n)

        return create

    for name, options in rivals():
        table.measure(name, plain(**options))
    for level in levels:
        table.measure(f"vortex {level}", plain(**hdf5.filter(level)))
        if array.ndim == 1 or array.dtype.names:
            found = hdf5.filter(level, data=array)
            table.measure(f"vortex {level}, searched once", plain(**found))
    for level in levels:
        for n in sorted({1, threads}):
            name = f"vortex {level}, direct, {n} thread{'s' * (n > 1)}"
            table.measure(name, direct(level, n), lambda x, n=n: hdf5.read(x, threads=n))
    for level in levels:
        table.measure(
            f"vortex {level}, create_dataset",
            lambda file, level=level: hdf5.create_dataset(
                file, "x", array, level=level, threads=threads
            ),
            lambda x: hdf5.read(x, threads=threads),
        )


def arrays(path, name):
    """The datasets of numbers in a file."""
    found = []

    def add(key, item):
        if isinstance(item, h5py.Dataset) and (name is None or key == name.strip("/")):
            large = item.nbytes >= MIN_BYTES or name is not None
            if item.shape and large and not item.dtype.hasobject:
                found.append((key, item[...]))

    with h5py.File(path) as file:
        file.visititems(add)
    return found


def numbers(text):
    return tuple(int(part) for part in text.split(","))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("dataset", nargs="?")
    parser.add_argument("--chunks", type=numbers, default=True)
    parser.add_argument("--levels", type=numbers, default=(2, 5))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    found = arrays(options.file, options.dataset)
    if not found:
        parser.error(f"{options.file} holds no dataset of at least {MIN_BYTES} bytes of numbers")
    with tempfile.TemporaryDirectory() as folder:
        for name, array in found:
            print(f"\n{name}: {array.shape}, {array.dtype.itemsize}-byte elements, {array.nbytes:,} bytes")
            print(f"{'':34} {'bytes':>11} {'to gzip':>9}  {'write':>8} {'read':>8}")
            bench(np.asarray(array), options.chunks, options.levels, options.threads, folder)


if __name__ == "__main__":
    main()
