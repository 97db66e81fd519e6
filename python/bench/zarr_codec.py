"""Sizes and times of a Zarr array under Vortex and under the codecs of Zarr.

    python python/bench/zarr_codec.py FILE.npy [ROWS_OF_A_CHUNK]

Every array is read back and compared.
"""

import sys
import time
import warnings

import numpy as np
import zarr
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

from vortex_codec.zarr import codecs

warnings.simplefilter("ignore")


def main(path: str, rows: int | None = None) -> None:
    data = np.load(path)
    row_bytes = data.nbytes // len(data)
    chunks = (min(len(data), int(rows or max(1, (1 << 20) // row_bytes))), *data.shape[1:])
    print(f"{path}: {data.shape}, {data.dtype}, {data.nbytes} bytes in chunks of {chunks}")
    others = {
        "zarr's default": {},
        "gzip 9": {"compressors": GzipCodec(level=9)},
        "zstd 19": {"compressors": ZstdCodec(level=19)},
        "blosc zstd 9, shuffle": {
            "compressors": BloscCodec(cname="zstd", clevel=9, shuffle="shuffle", typesize=row_bytes)
        },
    }
    vortex = {f"vortex {level}": codecs(level) for level in (1, 2, 5)}
    vortex["vortex 5, data="] = codecs(5, data=data, chunks=chunks)
    for name, options in {**others, **vortex}.items():
        start = time.perf_counter()
        store = zarr.storage.MemoryStore()
        array = zarr.create_array(store, data=data, chunks=chunks, **options)
        written = time.perf_counter()
        assert array[...].tobytes() == data.tobytes(), name
        read = time.perf_counter()
        speeds = (data.nbytes / 1e6 / seconds for seconds in (written - start, read - written))
        print(
            "{:22} {:10} bytes  {:7.2f} MB/s written {:7.2f} read".format(
                name, array.nbytes_stored(), *speeds
            )
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
