"""Writes the small ROOT files that the tests read. Needs uproot 5.7 and awkward 2.

    python make.py            # writes beside itself

The values are those of `values` below; tests/files.rs computes the same.
"""

from pathlib import Path

import awkward as ak
import numpy as np
import uproot

HERE = Path(__file__).parent
N = 20


def values(first, n):
    i = np.arange(first, first + n)
    counts = i % 4
    items = np.concatenate([np.arange(k) + 10 * j for j, k in zip(i, counts)])
    return {
        "flag": (i % 3 == 0),
        "small": (i - 10).astype(np.int8),
        "word": (i * 1000).astype(np.uint16),
        "number": (i * -70_000).astype(np.int32),
        "big": (i.astype(np.uint64) << np.uint64(40)),
        "x": (i * 0.5).astype(np.float32),
        "y": 1.0 / (i + 1.0),
        "matrix": (np.arange(6)[None, :] + 6 * i[:, None]).reshape(-1, 2, 3).astype(np.int16),
        "hit": ak.unflatten(items.astype(np.float32), counts),
    }


def write(name, compression):
    with uproot.recreate(HERE / name, compression=compression) as file:
        first = values(0, N)
        types = {k: (v.dtype if v.ndim == 1 else (v.dtype, v.shape[1:])) if isinstance(v, np.ndarray) else v.type.content
                 for k, v in first.items()}
        tree = file.mktree("sub/deep/events", types)
        tree.extend(first)
        tree.extend(values(N, N // 2))
        file["title"] = "an object that is no tree"


write("columns.root", uproot.ZLIB(9))


def more(first, n):
    """What an RNTuple can hold besides."""
    i = np.arange(first, first + n)
    return {
        "text": ak.Array(["ab" * (j % 3) for j in i]),
        "nested": ak.Array([[[float(k)] * (k % 3) for k in range(j % 4)] for j in i]),
        "point": ak.Array([{"x": int(j), "steps": [int(j)] * (j % 2)} for j in i]),
        "perhaps": ak.Array([int(j) if j % 3 else None for j in i]),
        "either": ak.Array([int(j) if j % 2 else "odd"[: j % 3] for j in i]),
    }


def write_ntuple(name, compression):
    with uproot.recreate(HERE / name, compression=compression) as file:
        first, second = ({**values(0, N), **more(0, N)}, {**values(N, N // 2), **more(N, N // 2)})
        ntuple = file.mkrntuple("events", first)  # writes them, too
        ntuple.extend(second)


write_ntuple("ntuple.root", uproot.ZLIB(9))
