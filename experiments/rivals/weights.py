"""Weights of networks: `vortex compress-weights` beside ZipNN and z4ai, in float32 and rounded to bfloat16."""

import importlib
import json
import pathlib
import struct
import subprocess
import tempfile
import time

import catalogue
from origin import origin

EFFORTS = ("default", "fast")


def read(path):
    """The float32 values of all tensors of a safetensors file, in the order of the file."""
    import numpy as np

    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    entries = json.loads(data[8 : 8 + length])
    entries.pop("__metadata__", None)
    ordered = sorted(entries.items(), key=lambda entry: entry[1]["data_offsets"])
    found = []
    for name, entry in ordered:
        begin, end = (8 + length + at for at in entry["data_offsets"])
        if entry["dtype"] == "F32" and end > begin:
            found.append((name, entry["shape"], np.frombuffer(data[begin:end], "<u4")))
    return found


def to_bf16(tensors):
    """Rounded to the nearest, ties to even."""
    rounded = []
    for name, shape, bits in tensors:
        up = (bits >> 16 & 1) + 0x7FFF
        rounded.append((name, shape, ((bits.astype("u8") + up) >> 16).astype("<u2")))
    return rounded


def write(path, tensors, dtype):
    header, at = {}, 0
    for name, shape, values in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + values_of(tensors))


def values_of(tensors):
    return b"".join(values.tobytes() for _, _, values in tensors)


def vortex(program, path, effort):
    """The size of the whole `.vxw`, header included. Times are those of the command, and so are left out."""
    packed, back = path.with_suffix(".vxw"), path.with_suffix(".back")
    subprocess.run([program, "compress-weights", "-q", "-f", "--effort", effort, "-o", packed, path], check=True)
    subprocess.run([program, "decompress-weights", "-q", "-f", "-o", back, packed], check=True)
    if back.read_bytes() != path.read_bytes():
        raise ValueError("did not give back the same bytes")
    return {"bytes": packed.stat().st_size}


def rival(codec, values, dtype):
    compress, decompress = codec
    start = time.perf_counter()
    packed = compress(values, dtype)
    encode = time.perf_counter() - start
    start = time.perf_counter()
    back = decompress(packed, dtype)
    decode = time.perf_counter() - start
    if back != values:
        raise ValueError("did not give back the same bytes")
    return {"bytes": len(packed), "encode_s": round(encode, 4), "decode_s": round(decode, 4)}


def attempt(work):
    try:
        return work()
    except Exception as error:  # whatever a rival's library raises is its result
        return {"failed": f"failed: {type(error).__name__}: {error}".splitlines()[0]}


def measure(program, folder, command, note):
    """Rows of all float32 files of the folder; none without such files, or without numpy."""
    try:
        files = [(path, read(path)) for path in sorted(folder.glob("*.safetensors"))]
    except ImportError:
        return []
    own = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    rows = []
    for path, tensors in files:
        if not tensors:
            continue
        for chosen, dtype in ((tensors, "F32"), (to_bf16(tensors), "BF16")):
            values = values_of(chosen)
            start = {"set": f"{path.stem}, {dtype}", "original_bytes": len(values)}
            with tempfile.TemporaryDirectory() as scratch:
                copy = pathlib.Path(scratch) / "w.safetensors"
                write(copy, chosen, dtype)
                for effort in EFFORTS:
                    result = attempt(lambda effort=effort: vortex(program, copy, effort))
                    rows.append(start | {"codec": f"vortex, {effort}"} | result | origin(command, own, note))
            for module, package in catalogue.WEIGHTS.items():
                about = origin(command, catalogue.version(package), note)
                try:
                    codecs = importlib.import_module(module).WEIGHTS
                except ImportError as error:
                    rows.append(start | {"codec": package, "failed": f"missing ({error})"} | about)
                    continue
                for name, codec in codecs.items():
                    result = attempt(lambda codec=codec: rival(codec, values, dtype))
                    rows.append(start | {"codec": name} | result | about)
    return rows
