"""RNTuples that uproot writes: the values that `vortex prepare` and `vortex restore` give are those that uproot reads."""

import numpy as np
import pytest
from conftest import vortex

ak = pytest.importorskip("awkward")
uproot = pytest.importorskip("uproot", "5.7")

NUMBERS = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]


def part(first: int, n: int) -> dict:
    """Some entries: arbitrary bits in every type of number, lists of different lengths, text, records."""
    random = np.random.default_rng(first)
    fields = {}
    for kind in NUMBERS:
        bits = random.integers(0, 256, n * np.dtype(kind).itemsize, np.uint8)
        fields["n_" + np.dtype(kind).name] = bits % 2 == 1 if kind == "?" else bits.view(kind)
    fields["matrix"] = random.integers(-9, 9, (n, 2, 3)).astype("i2")

    def lists(content, mean, length):
        counts = random.poisson(mean, length)
        return ak.unflatten(content(counts.sum()), counts)

    fields["steps"] = lists(lambda k: random.normal(size=k), 2, n)
    fields["nested"] = lists(lambda k: lists(lambda j: random.integers(0, 99, j).astype("u2"), 3, k), 1, n)
    hits = {"x": lists(lambda k: random.normal(size=k).astype("f4"), 5, n)}
    hits["id"] = ak.values_astype(ak.local_index(hits["x"]), "int32")
    fields["hits"] = ak.zip(hits)
    fields["text"] = ak.Array(["é" * int(k) for k in random.poisson(3, n)])
    here = random.random(n) < 0.7
    index = ak.index.Index64(np.where(here, np.cumsum(here) - 1, -1))
    perhaps = ak.contents.NumpyArray(random.integers(0, 99, here.sum()))
    fields["perhaps"] = ak.Array(ak.contents.IndexedOptionArray(index, perhaps))
    return fields


def restored(path, folder, status=0):
    """The fields of all tables by their names, and the names of the tables."""
    vortex("prepare", path, "--out", folder / "data", status=status)
    vortex("restore", folder / "data", "--out", folder / "back")
    fields, tables = {}, {}
    with np.load(folder / "back" / f"{path.name}.npz", max_header_size=1 << 20) as arrays:
        for table, records in arrays.items():
            tables[table] = len(records)
            for name in records.dtype.names:
                assert name not in fields
                fields[name] = records[name]
    return fields, tables


def same(found, array):
    wanted = np.ascontiguousarray(np.asarray(array))
    return found.dtype == wanted.dtype and found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("algorithm", ["none", "ZLIB", "LZMA", "LZ4", "ZSTD"])
def test_rntuples_have_the_values_that_uproot_reads(tmp_path, algorithm):
    compression = None if algorithm == "none" else getattr(uproot, algorithm)(4)
    path = tmp_path / "sample.root"
    with uproot.recreate(path, compression=compression) as file:
        ntuple = file.mkrntuple("events", part(1, 300))
        for first, n in [(2, 1), (3, 1000), (4, 77)]:
            ntuple.extend(part(first, n))
    with uproot.open(path) as file:
        wanted = file["events"].arrays()
    fields, tables = restored(path, tmp_path)
    assert len(wanted) == tables["events"] == 1378

    for kind in NUMBERS:
        name = "n_" + np.dtype(kind).name
        assert same(fields.pop(name), wanted[name]), name
    for number, column in enumerate(np.asarray(wanted["matrix"]).reshape(-1, 6).T):
        assert same(fields.pop(f"matrix[{number}]"), column)
    counts = {name: fields.pop(f"counts({name})") for name in ["steps", "hits", "text", "perhaps", "nested", "nested#0"]}
    assert same(fields.pop("steps"), ak.flatten(wanted["steps"]))
    assert same(fields.pop("nested"), ak.flatten(wanted["nested"], axis=None))
    for member in ["x", "id"]:
        assert same(fields.pop(f"hits.{member}"), ak.flatten(wanted["hits"][member]))
    assert fields.pop("text").tobytes().decode() == "".join(wanted["text"].to_list())
    assert same(fields.pop("perhaps"), ak.drop_none(wanted["perhaps"]))
    assert not fields
    for name in ["steps", "hits"]:
        assert same(counts[name], ak.values_astype(ak.num(wanted[name]), "uint32")), name
    assert same(counts["nested#0"], ak.values_astype(ak.num(wanted["nested"]), "uint32"))
    assert same(counts["nested"], ak.values_astype(ak.flatten(ak.num(wanted["nested"], axis=2)), "uint32"))
    assert same(counts["perhaps"], ak.values_astype(~ak.is_none(wanted["perhaps"]), "uint32"))
    assert counts["text"].tolist() == [len(text.encode()) for text in wanted["text"].to_list()]


def test_a_damaged_page_is_named(tmp_path):
    path = tmp_path / "sample.root"
    with uproot.recreate(path, compression=uproot.ZLIB(4)) as file:
        file.mkrntuple("events", {"good": np.arange(300), "bad": np.arange(300)})
    with uproot.open(path) as file:
        names = [file["events"].field_records[column.field_id].field_name for column in file["events"].column_records]
        page = file["events"].page_link_list[0][names.index("bad")].pages[0]
    damaged = bytearray(path.read_bytes())
    damaged[page.locator.offset + 20] ^= 0xFF
    path.write_bytes(damaged)
    # The exit status says that a column is missing.
    fields, tables = restored(path, tmp_path, status=1)
    assert list(fields) == ["good"] and tables == {"events": 300}
    assert fields["good"].tolist() == list(range(300))
    assert "events/bad" in (tmp_path / "data" / "manifest.json").read_text()
