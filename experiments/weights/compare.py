"""Sizes and one-thread speeds of vortex-zipnn and the PyPI library zipnn on the same tensors.

    compare.py MEASURE FILE.safetensors ... [--base BASE.safetensors NEXT.safetensors]

MEASURE is the example of vortex-zipnn of that name. Of each file, float32 tensors are taken as they are and
rounded to bfloat16; of training checkpoints also the weights without the optimiser's state. One large synthetic
tensor shows speeds without the cost of many short ones. zipnn gets the values of all tensors in a row,
vortex-zipnn the safetensors file. Timed is, on both sides, one call of the library on one thread, from bytes in memory to
new bytes in memory, with an object that was made before; the quickest of the calls that fill a second.
"""

import argparse
import json
import re
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from zipnn import ZipNN


def read(path):
    """Tensors by name, in file order: shape and float32 values."""
    data = path.read_bytes()
    (n,) = struct.unpack("<Q", data[:8])
    entries = json.loads(data[8 : 8 + n])
    entries.pop("__metadata__", None)
    tensors = {}
    for name, entry in sorted(entries.items(), key=lambda e: e[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        if entry["dtype"] == "F32":
            values = np.frombuffer(data[8 + n + begin : 8 + n + end], "<u4")
            tensors[name] = (entry["shape"], values)
    return tensors


def write(path, tensors, dtype):
    header, at = {}, 0
    for name, (shape, values) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + values_of(tensors))
    return path


def values_of(tensors):
    return b"".join(values.tobytes() for _, values in tensors.values())


def to_bf16(tensors):
    """Rounded to the nearest, ties to even."""
    rounded = {}
    for name, (shape, bits) in tensors.items():
        up = (bits >> 16 & 1) + 0x7FFF
        rounded[name] = (shape, ((bits.astype("u8") + up) >> 16).astype("<u2"))
    return rounded


def quickest(work, make):
    """Seconds of the fastest call of work(make()) in one second, without the time of make."""
    best, end = float("inf"), time.perf_counter() + 1
    while time.perf_counter() < end:
        argument = make()
        start = time.perf_counter()
        work(argument)
        best = min(best, time.perf_counter() - start)
    return best


def synthetic():
    """8 Mi bell-shaped weights; each row of 1,024 has its own width."""
    source = np.random.default_rng(1)
    n = 8 << 20
    widths = np.repeat(source.uniform(0.01, 0.05, n // 1024), 1024)
    values = (source.standard_normal(n) * widths).astype("<f4")
    return {"w": ([n // 1024, 1024], values.view("<u4"))}


def zipnn(values, name):
    # The library reorders its input in place, so each round gets a copy.
    packed = bytes(ZipNN(bytearray_dtype=name, threads=1).compress(bytearray(values)))
    back = bytes(ZipNN(bytearray_dtype=name, threads=1).decompress(packed))
    if back != values:
        print(f"    (zipnn did not give back the same {len(values):,} bytes)")
    compress = quickest(
        ZipNN(bytearray_dtype=name, threads=1).compress, lambda: bytearray(values)
    )
    decompress = quickest(
        ZipNN(bytearray_dtype=name, threads=1).decompress, lambda: bytearray(packed)
    )
    megabytes = len(values) / 1e6
    return len(packed), megabytes / compress, megabytes / decompress


def vortex(measure, path, base=None):
    command = [measure, path, "-"] + ([base] if base else [])
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    pattern = r"(\w+): (\d+) -> (\d+) bytes, .*; (\d+) MB/s, back (\d+) MB/s"
    return {m[0]: (int(m[2]), float(m[3]), float(m[4])) for m in re.findall(pattern, text)}


def row(what, n, sizes, peer=None):
    for level, (packed, compress, decompress) in sizes.items():
        cells = [what, level.lower(), f"{n:,}", f"{packed:,}", f"{100 - 100 * packed / n:.2f} %"]
        cells += [f"{compress:.0f}", f"{decompress:.0f}"]
        if peer:
            size, peer_compress, peer_decompress = peer
            cells += [f"{100 - 100 * size / n:.2f} %", f"{100 * packed / size - 100:+.2f} %"]
            cells += [f"{compress / peer_compress:.2f}x", f"{decompress / peer_decompress:.2f}x"]
        print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("measure")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--base", nargs=2, type=Path, metavar=("BASE", "NEXT"))
    arguments = parser.parse_args()
    print("| tensors | effort | bytes | stored | smaller | MB/s | back | zipnn smaller "
          "| against zipnn | speed | back |")
    print("|" + "---|" * 11)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        inputs = [(file.name, read(file)) for file in arguments.files]
        for name, tensors in [*inputs, ("synthetic", synthetic())]:
            kinds = [(name, tensors)]
            weights = {k: v for k, v in tensors.items() if k.startswith("model.")}
            if weights and len(weights) < len(tensors):
                kinds.append((f"{name}, weights only", weights))
            for what, tensors in kinds:
                bf16 = to_bf16(tensors)
                for chosen, dtype, long in [(tensors, "F32", "float32"), (bf16, "BF16", "bfloat16")]:
                    path = write(scratch / "t.safetensors", chosen, dtype)
                    peer = zipnn(values_of(chosen), long)
                    sizes = vortex(arguments.measure, path)
                    row(f"{what}, {dtype}", path.stat().st_size, sizes, peer)
        if arguments.base:
            base, following = (read(p) for p in arguments.base)
            only = [{k: v for k, v in t.items() if k.startswith("model.")} for t in (base, following)]
            for what, (base, following) in [("all", (base, following)), ("weights only", only)]:
                path = write(scratch / "next.safetensors", following, "F32")
                base = write(scratch / "base.safetensors", base, "F32")
                row(f"difference, {what}", path.stat().st_size, vortex(arguments.measure, path, base))


main()
