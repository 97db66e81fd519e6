#!/usr/bin/env python3
"""Compare two HDF5 files with h5py: same datasets, dtypes, shapes and bytes of values.

    python3 experiments/compare_hdf5.py ORIGINAL.h5 RESTORED.h5

Datasets that the second file lacks are allowed where h5py reads them as objects (variable-length
text, sequences, references), and are printed.
"""
import sys

import h5py


def datasets(file):
    found = {}

    def walk(group, prefix, seen):
        if group.id in seen:
            return
        for name in group:
            item = group.get(name)
            if isinstance(item, h5py.Dataset):
                found[prefix + name] = item
            elif isinstance(item, h5py.Group) and len(prefix) < 200:
                walk(item, prefix + name + "/", seen + [group.id])

    walk(file, "", [])
    return found


def parts(dataset):
    """Selections of about 16 MiB that cover a dataset."""
    if not dataset.shape:
        return [] if dataset.shape is None else [()]
    n = dataset.shape[0]
    step = max(1, (16 << 20) * n // max(1, dataset.nbytes))
    return [slice(at, min(n, at + step)) for at in range(0, n, step)]


def main():
    with h5py.File(sys.argv[1]) as a, h5py.File(sys.argv[2]) as b:
        left, right = datasets(a), datasets(b)
        assert not set(right) - set(left), set(right) - set(left)
        equal = 0
        for name, want in left.items():
            if name not in right:
                assert want.dtype.hasobject, name
                print(f"not in the second: {name} ({want.dtype})")
                continue
            got = right[name]
            assert want.id.get_type() == got.id.get_type(), f"{name}: {want.dtype}, {got.dtype}"
            assert want.shape == got.shape, f"{name}: {want.shape}, {got.shape}"
            for part in parts(want):
                assert want[part].tobytes() == got[part].tobytes(), f"{name}: {part}"
            equal += 1
        print(f"{equal} datasets are equal")


main()
