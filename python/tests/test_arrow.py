"""Parquet, Arrow and Feather files: what pyarrow reads from the restored file equals what it reads from the original."""

import datetime
import decimal
import json

import numpy as np
import pytest
from conftest import vortex

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
feather = pytest.importorskip("pyarrow.feather")

WORDS = ["a", "", "näh", "x" * 50, None, "muon"]


def columns(n: int) -> "pa.Table":
    """A column of each type that both formats have, with nulls, and metadata."""
    random = np.random.default_rng(n)

    def nulls():
        return random.random(n) < 0.1

    def every(step, value):
        return [None if k % step == 0 else value(k) for k in range(n)]

    def integers(kind, most=10**9):
        width = "i4" if kind in (pa.date32(), pa.time32("ms")) else "i8"
        return pa.array(random.integers(0, most, n).astype(width), kind, mask=nulls())

    bits = random.integers(0, 2**32, n, np.uint32)
    lists = [None if random.random() < 0.05 else list(random.normal(size=random.integers(0, 4))) for _ in range(n)]
    hit = pa.struct([("e", pa.float32()), ("id", pa.int32()), ("cells", pa.list_(pa.uint16()))])
    inner = pa.struct([pa.field("q", pa.float32())])
    fields = {
        "required": pa.array(random.integers(-9, 9, n), pa.int32()),
        "float bits": pa.array(bits.view("f4")),
        "half": pa.array(random.normal(size=n).astype("f2"), mask=nulls()),
        "double": pa.array(random.normal(size=n), mask=nulls()),
        "truth": pa.array(random.random(n) < 0.5, mask=nulls()),
        "text": pa.array([WORDS[k] for k in random.integers(0, 6, n)]),
        "large": pa.array([WORDS[k] for k in random.integers(0, 6, n)], pa.large_string()),
        "binary": pa.array(every(5, lambda k: bytes([k % 256]) * (k % 7)), pa.binary()),
        "five": pa.array(every(5, lambda k: bytes([k % 256]) * 5), pa.binary(5)),
        "date": integers(pa.date32(), 20000),
        "zone": integers(pa.timestamp("us", "Europe/Zurich")),
        "nanoseconds": integers(pa.timestamp("ns")),
        "time": integers(pa.time32("ms"), 86_400_000),
        "fine time": integers(pa.time64("us"), 86_400_000),
        "duration": integers(pa.duration("us")),
        "money": pa.array(every(7, lambda k: decimal.Decimal(k * 1_000_003 - 5) / 100), pa.decimal128(20, 2)),
        "count": pa.array([decimal.Decimal(k) for k in range(n)], pa.decimal128(9, 0)),
        "huge": pa.array([-(decimal.Decimal(k) ** 3) for k in range(n)], pa.decimal256(60, 3)),
        "list": pa.array(lists, pa.list_(pa.float32())),
        "large list": pa.array(lists, pa.large_list(pa.float64())),
        "nested": pa.array(every(11, lambda k: [WORDS[: k % 3], None, []][: k % 4]), pa.list_(pa.list_(pa.string()))),
        "struct": pa.array(
            every(6, lambda k: {"x": k, "y": None if k % 4 == 0 else str(k), "z": {"q": k * 0.5}}),
            pa.struct([("x", pa.int16()), ("y", pa.string()), ("z", inner)]),
        ),
        "hits": pa.array(
            every(9, lambda k: [{"e": i / 2, "id": None if i == 1 else i, "cells": [1] * i} for i in range(k % 4)]),
            pa.list_(hit),
        ),
        "map": pa.array(every(8, lambda k: [(str(i), i * 1.5) for i in range(k % 3)]), pa.map_(pa.string(), pa.float64())),
        "null": pa.nulls(n),
        "three": pa.array(every(5, lambda k: [k, k + 1, k + 2]), pa.list_(pa.int32(), 3)),
        "category": pa.DictionaryArray.from_arrays(
            pa.array([k % 3 if k % 7 else None for k in range(n)], pa.int8()), pa.array(["lo", "never", "hi"]), ordered=True
        ),
    }
    described = {"float bits": {"unit": "GeV"}}
    schema = [pa.field(k, v.type, k != "required", described.get(k)) for k, v in fields.items()]
    return pa.table(list(fields.values()), pa.schema(schema, {"made": "by a test"}))


def restored(path, folder):
    """The restored file; all its columns are there."""
    vortex("prepare", path, "--out", folder / "data")
    manifest = json.loads((folder / "data" / "manifest.json").read_text())
    source = manifest["sources"][0]
    assert "unread" not in source and "left_out" not in source
    vortex("restore", folder / "data", "--out", folder / "back")
    return folder / "back" / path.name, [dataset["name"] for dataset in source["datasets"]]


def bits(table):
    """NaN is not equal to itself."""
    if "float bits" not in table.column_names:
        return table
    column = table["float bits"].to_numpy().view("u4")
    number = table.column_names.index("float bits")
    return table.set_column(number, table.schema.field("float bits").with_type(pa.uint32()), pa.array(column))


def assert_equal(found, wanted):
    found.validate(full=True)
    for name in wanted.column_names if len(set(wanted.column_names)) == wanted.num_columns else []:
        assert bits(found)[name].equals(bits(wanted)[name]), name
    assert bits(found).equals(bits(wanted), check_metadata=True)
    assert found.schema.equals(wanted.schema, check_metadata=True)


def check_parquet(path, folder):
    back, tables = restored(path, folder)
    assert_equal(pq.read_table(back), pq.read_table(path))
    there, back = pq.ParquetFile(path), pq.ParquetFile(back)
    assert there.schema.equals(back.schema)
    # Not what is in ARROW:schema alone: also the metadata of pandas.
    assert there.metadata.metadata == back.metadata.metadata
    assert there.num_row_groups == back.num_row_groups
    for group in range(there.num_row_groups):
        rows = [file.metadata.row_group(group) for file in (there, back)]
        assert rows[0].num_rows == rows[1].num_rows
        for column in range(there.metadata.num_columns):
            assert rows[0].column(column).compression == rows[1].column(column).compression
    return tables


def read_arrow(path, kind):
    reader = pa.ipc.open_stream if kind == "stream" else pa.ipc.open_file
    with open(path, "rb") as file:
        return reader(file).read_all()


def check_arrow(path, folder, kind):
    back, tables = restored(path, folder)
    assert_equal(read_arrow(back, kind), read_arrow(path, kind))
    return tables


def write_arrow(path, kind, table, batches=None, **options):
    new = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
    with new(path, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as out:
        for batch in batches or table.to_batches(max_chunksize=700):
            out.write_batch(batch)


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "brotli", "lz4", "zstd"])
def test_parquet_files_come_back(tmp_path, codec):
    path = tmp_path / "all.parquet"
    pq.write_table(columns(2000), path, compression=codec, row_group_size=700)
    check_parquet(path, tmp_path)


@pytest.mark.parametrize(
    "options",
    [
        {"data_page_version": "2.0", "use_dictionary": False},
        {"store_schema": False, "write_statistics": False},
        {"use_deprecated_int96_timestamps": True},
        {
            "use_dictionary": False,
            "column_encoding": {
                "float bits": "BYTE_STREAM_SPLIT",
                "required": "DELTA_BINARY_PACKED",
                "text": "DELTA_BYTE_ARRAY",
                "large": "DELTA_LENGTH_BYTE_ARRAY",
            },
        },
    ],
    ids=["v2", "no arrow schema", "int96", "encodings"],
)
def test_parquet_in_other_forms(tmp_path, options):
    path = tmp_path / "all.pq"
    pq.write_table(columns(999), path, **options)
    check_parquet(path, tmp_path)


@pytest.mark.parametrize("rows", [0, 1])
def test_short_tables(tmp_path, rows):
    table = columns(100).slice(0, rows)
    pq.write_table(table, tmp_path / "short.parquet")
    check_parquet(tmp_path / "short.parquet", tmp_path)
    for kind in ["file", "stream"]:
        write_arrow(tmp_path / f"{kind}.arrow", kind, table)
        (tmp_path / kind).mkdir()
        check_arrow(tmp_path / f"{kind}.arrow", tmp_path / kind, kind)


def more(n):
    """Types that Parquet does not have."""
    table = columns(n)
    random = np.random.default_rng(n)
    texts = pa.ListArray.from_arrays(pa.array(np.arange(n + 1) * 2, pa.int32()), pa.array([str(k % 5) for k in range(2 * n)]).dictionary_encode())
    extra = {
        "view": table["text"].cast(pa.string_view()),
        "binary view": table["binary"].cast(pa.binary_view()),
        "vector": pa.array([[float(k), 1.0, 2.0] for k in range(n)], pa.list_(pa.float32(), 3)),
        "matrix": pa.array([None if k % 5 == 0 else [[k % 99, 1], [3, 4]] for k in range(n)], pa.list_(pa.list_(pa.int16(), 2), 2)),
        "with nulls": pa.array([[k, None] for k in range(n)], pa.list_(pa.int16(), 2)),
        "interval": pa.array([pa.MonthDayNano([1, k, 3]) for k in range(n)]),
        "date64": pa.array(random.integers(0, 9999, n) * 86_400_000, pa.date64()),
        "texts": texts,
        "twice": table["text"],
    }
    for name, column in extra.items():
        table = table.append_column(name, column)
    return table


@pytest.mark.parametrize("kind", ["file", "stream"])
@pytest.mark.parametrize("codec", [None, "lz4", "zstd"])
def test_arrow_comes_back(tmp_path, kind, codec):
    path = tmp_path / f"all.{kind}.arrow"
    write_arrow(path, kind, more(1500), compression=codec)
    check_arrow(path, tmp_path, kind)


def test_slices_of_a_table(tmp_path):
    # Offsets that do not begin at 0, and bitmaps that begin inside of a byte.
    path = tmp_path / "slice.arrow"
    write_arrow(path, "file", more(900).slice(17, 500))
    check_arrow(path, tmp_path, "file")


@pytest.mark.parametrize("deltas", [False, True])
def test_dictionaries_that_change(tmp_path, deltas):
    states = [([0, 1, None], ["a", "b"]), ([2, 1, 0], ["a", "b", "c"]), ([0], ["z"]), ([0, 1], ["a", "b"])]
    batches = [
        pa.record_batch([pa.DictionaryArray.from_arrays(pa.array(index, pa.int32()), values)], ["d"])
        for index, values in states
    ]
    path = tmp_path / "changes.arrows"
    write_arrow(path, "stream", pa.Table.from_batches(batches), batches, emit_dictionary_deltas=deltas)
    check_arrow(path, tmp_path, "stream")


@pytest.mark.parametrize("codec", ["uncompressed", "lz4", "zstd"])
def test_feather(tmp_path, codec):
    feather.write_feather(more(700), tmp_path / "all.feather", compression=codec)
    check_arrow(tmp_path / "all.feather", tmp_path, "file")


def test_frames_of_pandas(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {
            "grade": pd.Categorical(["hi", "lo", "hi", None], categories=["lo", "mid", "hi"], ordered=True),
            "when": pd.date_range("2020", periods=4, tz="UTC"),
            "n": pd.array([1, None, 3, 4], dtype="Int32"),
            "day": [datetime.date(2020, 1, k) for k in range(1, 5)],
        },
        index=pd.Index(["p", "q", "r", "s"], name="key"),
    )
    frame.to_parquet(tmp_path / "frame.parquet")
    check_parquet(tmp_path / "frame.parquet", tmp_path)
    found = pd.read_parquet(tmp_path / "back" / "frame.parquet")
    pd.testing.assert_frame_equal(found, frame.assign(day=found["day"]))
    frame = frame.reset_index()
    frame.to_feather(tmp_path / "frame.feather")
    (tmp_path / "feather").mkdir()
    check_arrow(tmp_path / "frame.feather", tmp_path / "feather", "file")
    pd.testing.assert_frame_equal(
        pd.read_feather(tmp_path / "feather" / "back" / "frame.feather"), pd.read_feather(tmp_path / "frame.feather")
    )


def test_collections_of_awkward_share_tables(tmp_path):
    ak = pytest.importorskip("awkward")
    random = np.random.default_rng(1)
    n = 3000
    muons, jets = random.poisson(2, n), random.poisson(5, n)

    def numbers(counts, kind):
        return ak.unflatten(random.exponential(20, counts.sum()).astype(kind), counts)

    events = ak.Array(
        {
            "event": np.arange(n, dtype="u8"),
            "Muon_pt": numbers(muons, "f4"),
            "Muon_charge": numbers(muons, "i4"),
            "Jet_pt": numbers(jets, "f4"),
            "Jet_eta": numbers(jets, "f4"),
        }
    )
    path = tmp_path / "events.parquet"
    ak.to_parquet(events, path)
    assert check_parquet(path, tmp_path) == ["rows", "Muon", "Jet"]
    found = ak.from_parquet(tmp_path / "back" / "events.parquet")
    assert ak.array_equal(found, ak.from_parquet(path))


def test_archives_hold_the_tables(tmp_path):
    table = columns(3000)
    path = tmp_path / "all.parquet"
    pq.write_table(table, path, row_group_size=1000)
    vortex("compress", "-1", "--datasets", path)
    vortex("decompress", "-o", tmp_path / "again.parquet", tmp_path / "all.parquet.vxc")
    assert_equal(pq.read_table(tmp_path / "again.parquet"), pq.read_table(path))
    # Without --datasets, the bytes come back.
    vortex("compress", "-1", "-o", tmp_path / "bytes.vxc", path)
    vortex("decompress", "-o", tmp_path / "same.parquet", tmp_path / "bytes.vxc")
    assert (tmp_path / "same.parquet").read_bytes() == path.read_bytes()


def test_what_is_not_read_is_listed(tmp_path):
    union = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])])
    table = pa.table({"a": [1, 2], "u": union, "z": ["x", None]})
    write_arrow(tmp_path / "some.arrow", "file", table)
    assert "unions are not read" in vortex("prepare", tmp_path / "some.arrow", "--out", tmp_path / "data")
    vortex("restore", tmp_path / "data", "--out", tmp_path / "back")
    assert_equal(read_arrow(tmp_path / "back" / "some.arrow", "file"), table.drop(["u"]))
    vortex("prepare", "--strict", tmp_path / "some.arrow", "--out", tmp_path / "strict", status=1)


def test_damage_costs_one_column(tmp_path):
    table = pa.table({"a": np.arange(5000.0), "b": np.arange(5000) % 7, "s": [str(k) for k in range(5000)]})
    path = tmp_path / "damaged.parquet"
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    column = pq.ParquetFile(path).metadata.row_group(0).column(0)
    data = bytearray(path.read_bytes())
    middle = column.data_page_offset + column.total_compressed_size // 2
    data[middle : middle + 64] = bytes(64)
    path.write_bytes(data)
    vortex("prepare", path, "--out", tmp_path / "data", status=1)
    source = json.loads((tmp_path / "data" / "manifest.json").read_text())["sources"][0]
    assert [entry["name"] for entry in source["left_out"]] == ["a"]
    vortex("restore", tmp_path / "data", "--out", tmp_path / "back")
    found = pq.read_table(tmp_path / "back" / "damaged.parquet")
    assert found.equals(table.drop(["a"]))
    path.write_bytes(data[: len(data) // 2])
    assert "complete" in vortex("prepare", path, "--out", tmp_path / "none", status=1)
