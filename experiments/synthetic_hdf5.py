#!/usr/bin/env python3
"""Writes a large compound HDF5 dataset for measurements.

    python3 experiments/synthetic_hdf5.py OUT.h5 MIB [gzip]
"""
import sys

import h5py
import numpy as np

record = np.dtype([(f"f{i}", "<f4") for i in range(20)] + [("n", "<i4"), ("label", "i1"), ("w", "<f8"), ("ok", "?")])
out, mib = sys.argv[1], int(sys.argv[2])
packed = {"compression": "gzip", "compression_opts": 4, "shuffle": True} if "gzip" in sys.argv else {}
rng = np.random.default_rng(1)
step = 1 << 16
total = mib * 2**20 // record.itemsize
with h5py.File(out, "w") as f:
    d = f.create_dataset("jets", shape=(total,), dtype=record, **(dict(chunks=(8192,), **packed) if packed else {}))
    rows = np.zeros(step, record)
    for i in range(20):
        rows[f"f{i}"] = np.round(rng.gamma(2, 20, step), 2 + i % 3)
    rows["n"], rows["label"], rows["w"], rows["ok"] = rng.poisson(9, step), rng.integers(0, 4, step), rng.normal(size=step), rng.random(step) < 0.9
    for at in range(0, total, step):
        n = min(step, total - at)
        rows["f0"] += 1
        d[at : at + n] = rows[:n]
