"""Speed of ``compress`` from numpy against the Rust library, in one run on the same bytes.

``python python/bench/speed.py [MiB]`` builds the example ``compress_speed`` of vortex-codec, and
prints for some levels the ratio of their times: the library's divided by the module's, the median of
pairs of runs in turn. 1 means that the module costs nothing; 0.95 is required.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import vortex_codec

ROOT = Path(__file__).parents[2]
DTYPE = np.dtype([("pt", "<f4"), ("eta", "<f4"), ("event", "<u4"), ("n", "<i4")])
RUNS = 15
#: Levels, and the share of the data that each is measured on.
LEVELS = {1: 1, 2: 1, 3: 1, 5: 16}
REQUIRED = 0.95


def table(n_bytes):
    """Records with some structure."""
    n = n_bytes // DTYPE.itemsize
    random = np.random.default_rng(1)
    made = np.empty(n, DTYPE)
    made["pt"] = 20 / (1 - 0.99 * random.random(n))
    made["eta"] = random.normal(0, 1.5, n)
    made["event"] = np.cumsum(random.integers(0, 2, n))
    made["n"] = random.integers(0, 6, n)
    return made


class Library:
    """The Rust library in its own process, which answers each line with the seconds of a run."""

    def __init__(self, path, level):
        words = ["cargo", "run", "--release", "--quiet", "-p", "vortex-codec"]
        words += ["--example", "compress_speed", "--", path, str(level)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(words, cwd=ROOT, **pipes)

    def run(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seconds, size = self.process.stdout.readline().split()
        return float(seconds), int(size)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def measure(data, path, level):
    """The best seconds of the module, and the median ratio to the library."""
    library = Library(path, level)
    ours, theirs = [], []
    for _ in range(RUNS):
        seconds, size = library.run()
        theirs.append(seconds)
        start = time.perf_counter()
        file = vortex_codec.compress(data, level=level, threads=1)
        ours.append(time.perf_counter() - start)
        assert len(file) == size
    library.end()
    return min(ours), statistics.median(a / b for a, b in zip(theirs, ours))


def main():
    n_bytes = (int(sys.argv[1]) if len(sys.argv) > 1 else 8) << 20
    worst = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/table.bin"
        fields = ", ".join(f"{{name: {n}, dtype: '{DTYPE[n].str}'}}" for n in DTYPE.names)
        Path(f"{folder}/table.schema.yaml").write_text(f"stride: 16\nfields: [{fields}]\n")
        print(f"one thread, {RUNS} pairs of runs")
        for level, share in LEVELS.items():
            data = table(n_bytes // share)
            Path(path).write_bytes(data.tobytes())
            seconds, ratio = measure(data, path, level)
            worst = min(worst, ratio)
            size, speed = data.nbytes / 2**20, data.nbytes / 1e6 / seconds
            print(f"level {level}: {size:4.1f} MiB, {speed:7.2f} MB/s, ratio {ratio:.3f}")
    print(f"worst ratio {worst:.3f}, required {REQUIRED}")
    return 0 if worst >= REQUIRED else 1


if __name__ == "__main__":
    sys.exit(main())
