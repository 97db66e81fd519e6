"""The time to read 1,000 records out of a large file.

    python python/bench/ranges.py FILE [--gib 1] [--level 1] [--block-bytes N]

The records of FILE (with its schema beside it) are repeated to the wanted size and compressed. Then the file is
opened and 1,000 records are read at seven places, each compared with the original. One record at the same places
shows the time of a block, which is the least that can be decoded. Times are medians in milliseconds.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

import vortex_codec
from vortex_codec import _core

PLACES = 7


def timed(work):
    start = time.perf_counter()
    result = work()
    return result, 1e3 * (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--gib", type=float, default=1.0)
    parser.add_argument("--level", type=int, default=1)
    parser.add_argument("--block-bytes", type=int)
    options = parser.parse_args()
    schema = _core.Schema.of_file(str(options.file))
    records = np.fromfile(options.file, np.dtype((np.void, schema.stride)))
    coding = {"schema": schema, "level": options.level, "verify": False}
    if options.block_bytes:
        coding["block_bytes"] = options.block_bytes
    one = vortex_codec.compress(records.view(np.uint8), **coding)
    copies = max(1, round(options.gib * 2**30 / records.nbytes))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.vxc")
        with path.open("wb") as file:
            for _ in range(copies):
                file.write(one)
        del one
        total = copies * len(records)
        opened, thousand, single = [], [], []
        for place in range(PLACES):
            first = total * (2 * place + 1) // (2 * PLACES + 1)
            wanted = np.arange(first, first + 1000) % len(records)
            file, ms = timed(lambda: vortex_codec.open(str(path)))
            opened.append(ms)
            found, ms = timed(lambda: file[first : first + 1000])
            thousand.append(opened[-1] + ms)
            if found.tobytes() != records[wanted].tobytes():
                raise SystemExit(f"records {first} to {first + 1000} differ")
            again = vortex_codec.open(str(path))
            single.append(timed(lambda: again[first : first + 1])[1])
        size = path.stat().st_size
    print(f"{total:,} records, {total * schema.stride:,} bytes, {size:,} compressed, level {options.level}")
    print(f"open                      {np.median(opened):8.1f} ms")
    print(f"open and 1,000 records    {np.median(thousand):8.1f} ms, at most {max(thousand):.1f}")
    print(f"1 record                  {np.median(single):8.1f} ms")


if __name__ == "__main__":
    main()
