"""Many files on Dask workers against command lines that run at the same time.

    python python/bench/many_files.py FILE [--files 200] [--workers 2] [--level 5] [--rounds 3]

FILE is cut into parts of whole records, each with its schema. They are compressed by `vortex_codec.dask` on worker
processes of one thread, and by as many `vortex compress -T 1` at the same time, in turn. Outputs are compared. Starting
the workers is not counted, because a cluster runs already.
"""

import argparse
import filecmp
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from dask.distributed import Client, LocalCluster

from vortex_codec import _core
from vortex_codec.dask import compress_files


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--level", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    schema = _core.Schema.of_file(str(options.file))
    records = np.fromfile(options.file, np.dtype((np.void, schema.stride)))
    with tempfile.TemporaryDirectory() as folder:
        inputs = []
        beside = [p for p in (options.file.with_suffix(".json"), Path(f"{options.file}.schema.yaml")) if p.exists()]
        for number, part in enumerate(np.array_split(records, options.files)):
            path = Path(folder, f"part{number:04}.bin")
            part.tofile(path)
            for schema_file in beside:
                shutil.copyfile(schema_file, str(path) + ".schema.yaml" if schema_file.suffix == ".yaml" else path.with_suffix(".json"))
            inputs.append(str(path))
        n_bytes = sum(Path(path).stat().st_size for path in inputs)
        print(f"{len(inputs)} files, {n_bytes:,} bytes, level {options.level}")
        cluster = LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=None)
        with cluster, Client(cluster) as client:
            ratios = []
            for number in range(options.rounds):
                by_dask, by_lines = Path(folder, f"dask{number}"), Path(folder, f"lines{number}")
                by_dask.mkdir(), by_lines.mkdir()
                dask = lambda: compress_files(client, inputs, str(by_dask), level=options.level)
                lines = lambda: command_lines(inputs, by_lines, options)
                seconds = {}
                for name, work in [("dask", dask), ("lines", lines)][:: 1 if number % 2 else -1]:
                    start = time.perf_counter()
                    work()
                    seconds[name] = time.perf_counter() - start
                same = filecmp.cmpfiles(by_dask, by_lines, [Path(p).name + ".vxc" for p in inputs], shallow=False)
                if len(same[0]) != len(inputs):
                    print(f"{len(inputs) - len(same[0])} outputs differ")
                ratios.append(seconds["lines"] / seconds["dask"])
                print(f"Dask {seconds['dask']:.1f} s, command lines {seconds['lines']:.1f} s, speed {ratios[-1]:.3f}")
        print(f"speed of Dask against command lines, median: {np.median(ratios):.3f}")


def command_lines(inputs, folder, options):
    command = ["vortex", "compress", "-q", "-T", "1", f"-{options.level}", "-o", str(folder)]
    running = [subprocess.Popen(command + inputs[n :: options.workers]) for n in range(options.workers)]
    if any([process.wait() for process in running]):
        raise SystemExit("vortex compress failed")


if __name__ == "__main__":
    main()
