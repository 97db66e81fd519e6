"""Writes columns of ROOT files that need uproot as .npy files with a manifest. See README.md."""

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path

import numpy as np


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def flat_columns(array, name):
    """Yields (name, values, counts of each level) for every number in an awkward array."""
    import awkward as ak

    counts = []
    layout = ak.to_packed(array).layout
    while True:
        if layout.is_option:
            raise TypeError("values that may be missing")
        if layout.is_union:
            raise TypeError("values of several types")
        if layout.is_indexed:
            layout = layout.project()
        elif layout.is_record:
            for field in layout.fields:
                inner = ak.Array(layout.content(field))
                for path, values, deeper in flat_columns(inner, f"{name}.{field}"):
                    yield path, values, counts + deeper
            return
        elif layout.is_regular:
            size = layout.size
            counts.append(np.full(len(layout), size, np.uint32))
            layout = layout.content[: len(layout) * size]
        elif layout.is_list:
            layout = layout.to_ListOffsetArray64(True)
            offsets = np.asarray(layout.offsets)
            lengths = np.diff(offsets)
            if len(lengths) and lengths.max() >= 1 << 32:
                raise TypeError("a list of 2^32 items")
            counts.append(lengths.astype(np.uint32))
            layout = layout.content[offsets[0] : offsets[-1]]
        elif layout.is_numpy:
            values = np.ascontiguousarray(layout.data)
            yield name, values.astype(values.dtype.newbyteorder("<"), copy=False), counts
            return
        else:
            raise TypeError(f"a layout of class {type(layout).__name__}")


def declared(column, name, values):
    """The values in the type that the file declares, where uproot widens it.

    The size of a collection (RNTupleCardinality<std::uint32_t>, or of std::uint64_t) is not stored: uproot takes it from
    the collection's offsets, as int64.
    """
    kind = re.fullmatch(r"ROOT::RNTupleCardinality<std::uint(32|64)_t>", getattr(column, "typename", None) or "")
    if kind is None or name != column.name:
        return values
    sizes = values.astype(f"<u{int(kind[1]) // 8}")
    if not np.array_equal(sizes, values):
        raise TypeError(f"sizes beyond {kind[1]} bits")
    return sizes


def columns(tree):
    """Yields (path, thing with .array()) of a TTree or an RNTuple."""
    import uproot

    if isinstance(tree, uproot.behaviors.RNTuple.RNTuple):
        for field in tree.fields:
            yield field.name, field
        return

    def walk(branch, prefix):
        for inner in branch.branches:
            path = prefix + inner.name
            if len(inner.branches) == 0:
                yield path, inner
            yield from walk(inner, path + "/")

    yield from walk(tree, "")


def wanted(listing):
    """Paths of the lines `  path: not read: reason` of root_list, by tree; None for all."""
    if listing is None:
        return None
    trees, tree = {}, None
    for line in Path(listing).read_text().splitlines():
        if found := re.match(r"tree (.*): \d+ entries, ", line):
            tree = trees.setdefault(found[1], set())
        elif (found := re.match(r"  (.*?): not read: ", line)) and tree is not None:
            tree.add(found[1])
        elif found := re.match(r"(\S.*);\d+: not read: an RNTuple", line):
            trees[found[1]] = None
    return trees


def export(source, out, listing):
    import uproot

    chosen = wanted(listing)
    out.mkdir(parents=True, exist_ok=True)
    manifest = {"source": source.name, "sha256": sha256(source), "trees": {}, "uproot": uproot.__version__}
    number = 0
    with uproot.open(source) as file:
        for key, name in file.classnames(recursive=True, cycle=False).items():
            if name not in ("TTree", "TNtuple", "TNtupleD", "ROOT::RNTuple", "ROOT::Experimental::RNTuple"):
                continue
            if chosen is not None and key not in chosen:
                continue
            tree = file[key]
            record = {"entries": int(tree.num_entries), "columns": [], "unread": {}}
            manifest["trees"][key] = record
            for path, column in columns(tree):
                if chosen is not None and chosen[key] is not None and path not in chosen[key]:
                    continue
                try:
                    parts = [(part, declared(column, part, values), counts)
                             for part, values, counts in flat_columns(column.array(library="ak"), path)]
                except Exception as e:  # uproot has many errors of its own
                    record["unread"][path] = f"{type(e).__name__}: {str(e).strip().splitlines()[0] if str(e).strip() else ''}"
                    continue
                for part, values, counts in parts:
                    # Paths may contain any characters; numbers make names that every file system accepts.
                    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", part)[:80]
                    files = [(f"{number:05}_{safe}.npy", values)]
                    files += [(f"{number:05}_{safe}.counts{i}.npy", c) for i, c in enumerate(counts)]
                    number += 1
                    entry = {"path": part, "files": []}
                    for file_name, array in files:
                        np.save(out / file_name, array, allow_pickle=False)
                        entry["files"].append(
                            {
                                "file": file_name,
                                "dtype": array.dtype.str,
                                "shape": list(array.shape),
                                "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
                            }
                        )
                    record["columns"].append(entry)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    for tree, record in manifest["trees"].items():
        print(f"{tree}: {record['entries']} entries, {len(record['columns'])} columns written, {len(record['unread'])} not readable")


def check(out):
    manifest = json.loads((out / "manifest.json").read_text())
    wrong = n = 0
    for record in manifest["trees"].values():
        for column in record["columns"]:
            arrays = [np.load(out / f["file"], allow_pickle=False) for f in column["files"]]
            for array, f in zip(arrays, column["files"], strict=True):
                n += 1
                same = array.dtype.str == f["dtype"] and list(array.shape) == f["shape"]
                if not same or hashlib.sha256(array.tobytes()).hexdigest() != f["sha256"]:
                    wrong += 1
                    print(f"{f['file']}: not as written")
            values, *counts = arrays
            lengths = [record["entries"]] + [int(c.sum(dtype=np.uint64)) for c in counts]
            if [len(a) for a in [*counts, values]] != lengths:
                wrong += 1
                print(f"{column['path']}: counts that do not add up: {lengths}")
    print(f"{n} files, {wrong} wrong")
    return wrong


def by_path(out):
    """The files' types, shapes and digests of each column of a folder, by tree and path."""
    manifest = json.loads((out / "manifest.json").read_text())
    facts = lambda column: [(f["dtype"], f["shape"], f["sha256"]) for f in column["files"]]
    return {(tree, c["path"]): facts(c) for tree, record in manifest["trees"].items() for c in record["columns"]}


def compare(left, right):
    left, right = by_path(left), by_path(right)
    both = left.keys() & right.keys()
    differing = sorted(key for key in both if left[key] != right[key])
    for key in differing:
        print(f"{'/'.join(key)}: {left[key]} and {right[key]}")
    print(f"{len(both)} columns in both, {len(differing)} differ; "
          f"{len(left) - len(both)} only in the first, {len(right) - len(both)} only in the second")
    return len(differing)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--list", help="output of root_list: write only what it names")
    parser.add_argument("--check", type=Path, metavar="DIR", help="compare the files of DIR with its manifest")
    parser.add_argument("--compare", type=Path, nargs=2, metavar="DIR", help="compare the columns of the same name in two folders")
    options = parser.parse_args()
    if options.compare:
        sys.exit(1 if compare(*options.compare) else 0)
    if options.check:
        sys.exit(1 if check(options.check) else 0)
    if not (options.source and options.out):
        parser.error("SOURCE and --out are needed")
    export(options.source, options.out, options.list)


if __name__ == "__main__":
    main()
