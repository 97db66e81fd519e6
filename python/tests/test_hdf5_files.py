"""HDF5 files of real programs: prepared and restored, they are read by the same programs."""

import os

import numpy as np
import pytest
from conftest import vortex

h5py = pytest.importorskip("h5py")


def restored(path, *, status=0):
    """The file after prepare and restore, and what prepare printed."""
    folder = path.parent / f"of-{path.name}"
    said = vortex("prepare", "-q", path, "--out", folder / "data", status=status)
    vortex("restore", "-q", folder / "data", "--out", folder / "back")
    # An archive of the datasets gives the same file.
    vortex("compress", "-q", "-1", "--datasets", path, "-o", folder / "a.vxc", status=status)
    vortex("decompress", "-q", folder / "a.vxc", "-o", folder / "a.h5")
    back = folder / "back" / path.name
    assert (folder / "a.h5").read_bytes() == back.read_bytes()
    return back, said


def tree(group, seen=None):
    """Everything of a group that h5py shows, by path; objects that are met again by number."""
    seen = {} if seen is None else seen
    found = {"/": ("group", attributes(group))} if not seen else {}
    seen.setdefault(group.id.__hash__(), len(seen))
    for name in sorted(group):
        path = f"{group.name.rstrip('/')}/{name}"
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            found[path] = ("soft", link.path)
            continue
        if isinstance(link, h5py.ExternalLink):
            found[path] = ("external", link.filename, link.path)
            continue
        member = group[name]
        key = member.id.__hash__()
        if key in seen:
            found[path] = ("again", seen[key])
            continue
        seen[key] = len(seen)
        if isinstance(member, h5py.Group):
            found[path] = ("group", attributes(member))
            found.update(tree(member, seen))
        else:
            values = None if member.shape is None else contents(member)
            found[path] = (
                "dataset",
                member.shape,
                member.maxshape,
                member.dtype,
                member.id.get_type().encode(),
                member.chunks,
                member.compression,
                member.compression_opts,
                member.shuffle,
                None if member.shape is None else np.asarray(member.fillvalue or 0).tobytes(),
                values,
                attributes(member),
            )
    return found


def contents(dataset):
    """The values of a dataset; sequences as lists."""
    values = dataset[()]
    if isinstance(values, bytes):
        return values
    if values.dtype.hasobject:
        return [item if isinstance(item, bytes) else item.tobytes() for item in values.reshape(-1)]
    return values.tobytes()


def attributes(thing):
    """The attributes with types, shapes and values; references by the name that they lead to."""

    def plain(value):
        if isinstance(value, h5py.Reference):
            return thing.file[value].name if value else None
        if isinstance(value, h5py.Empty):
            return ("empty", value.dtype)
        if isinstance(value, np.void):
            return tuple(plain(value[name]) for name in value.dtype.names or ())
        if isinstance(value, np.ndarray):
            if value.dtype.hasobject or value.dtype.names:
                return (value.shape, [plain(item) for item in value.reshape(-1)])
            return (value.shape, value.dtype, value.tobytes())
        return value

    found = {}
    for name in thing.attrs:
        kind = thing.attrs.get_id(name)
        found[name] = (kind.dtype, kind.get_type().encode(), kind.shape, plain(thing.attrs[name]))
    return found


@pytest.mark.parametrize("form", ["earliest", "latest"])
def test_the_same_tree(tmp_path, form):
    path = tmp_path / "tree.h5"
    with h5py.File(path, "w", libver=form, track_order=form == "latest") as f:
        f.attrs["title"] = "everything"
        f.attrs["version"] = np.array([1, 2, 3], ">i2")
        f.create_group("empty/inner").attrs["pi"] = np.float64(3.25)
        f.create_dataset("plain", data=np.arange(24.0, dtype="<f4").reshape(4, 6))
        f.create_dataset("packed", data=np.arange(5000, dtype=">i4").reshape(100, 50), chunks=(7, 16),
                         maxshape=(None, 200), compression="gzip", compression_opts=7, shuffle=True)
        f.create_dataset("open", data=np.arange(10, dtype="u1"), maxshape=(None,), chunks=(4,))
        grown = f.create_dataset("grown", (0, 3), "f8", maxshape=(None, 3), chunks=(1000, 3), compression="gzip")
        grown.attrs["unit"] = b"GeV"
        holes = f.create_dataset("holes", (300,), "<f4", chunks=(10,), fillvalue=-1.5)
        holes[15:20] = 7
        f.create_dataset("never", (12,), ">i2", fillvalue=7)
        f.create_dataset("many", data=np.arange(3000, dtype="i8"), chunks=(1,))
        f.create_dataset("scalar", data=np.float32(2))
        words = [f"word {i} " + "é" * (i % 40) if i % 3 else "" for i in range(20_000)]
        f.create_dataset("words", data=words, chunks=(3_000,), maxshape=(None,), compression="gzip")
        f.create_dataset("ascii", data=np.array([[b"a", b"bc"], [b"", b"def"]], object), dtype=h5py.string_dtype("ascii"))
        f.create_dataset("word", data="a scalar")
        f.create_dataset("novel", data=["x" * 1_200_000, "y"])
        f.create_dataset("no words", shape=(0,), maxshape=(None,), chunks=(8,), dtype=h5py.string_dtype())
        f.create_dataset("unwritten", shape=(5,), dtype=h5py.string_dtype())
        f["null words"] = h5py.Empty(h5py.string_dtype())
        ragged = f.create_dataset("ragged", (300,), h5py.vlen_dtype(">f8"))
        for i in range(300):
            ragged[i] = np.arange(i % 5)
        f["nothing"] = h5py.Empty("f4")
        f["alias"] = f["packed"]
        f["empty/same"] = f["empty"]
        f["soft"] = h5py.SoftLink("/packed")
        f["dangling"] = h5py.SoftLink("/nowhere")
        f["elsewhere"] = h5py.ExternalLink("other.h5", "/x/y")
        a = f["plain"].attrs
        a["text"] = "µ ± σ"
        a["texts"] = np.array(["a", "", "long " * 500], dtype=object)
        a["fixed"] = np.bytes_("GeV")
        a["nothing"] = h5py.Empty("S1")
        a["flag"] = True
        a["enum"] = np.array(1, h5py.enum_dtype({"A": 0, "B": 1}, basetype="i1"))
        a["pair"] = np.array((1, 2.5), dtype=[("n", "<i2"), ("x", ">f8")])
        a["to"] = f["packed"].ref
        a["group"] = f["empty"].ref
        a["null"] = h5py.Reference()
        a.create("lists", np.array([np.arange(3), np.arange(0)], dtype=object), dtype=h5py.vlen_dtype("i4"))
        a.create("back", np.array([(f["packed"].ref, 1)], dtype=[("ref", h5py.ref_dtype), ("n", "i4")]))
        f["plain"].dims[0].label = "y"
        f["never"].make_scale("scale")
        f["packed"].dims[1].attach_scale(f["never"])
    back, said = restored(path)
    with h5py.File(path) as before, h5py.File(back) as after:
        first, second = tree(before), tree(after)
        assert list(first) == list(second)
        for name, item in first.items():
            assert second[name] == item, name
        assert after["packed"].dims[1][0] == after["never"]
        assert list(after) == list(before)
    assert "elsewhere: not read" in said and "not kept" not in said


def test_what_is_not_kept_is_said(tmp_path):
    path = tmp_path / "lost.h5"
    with h5py.File(path, "w", libver="latest", userblock_size=512) as f:
        f.create_dataset("lzf", data=np.arange(100), chunks=(10,), compression="lzf", shuffle=True)
        f.create_dataset("sum", data=np.arange(100), chunks=(10,), fletcher32=True)
        f["lzf"].attrs["large"] = np.zeros(20_000)
        h5py.h5o.set_comment(f["sum"].id, b"a comment")
    back, said = restored(path)
    for words in [
        "/: not kept: the bytes before",
        "sum: not kept: its comment",
        'lzf: not kept: attribute "large": ',
        "lzf: not kept: restored without these filters: LZF (32000)",
        "sum: not kept: restored without these filters: fletcher32 (3)",
    ]:
        assert words in said
    with h5py.File(back) as f:
        assert (f["lzf"].chunks, f["lzf"].shuffle, f["lzf"].compression) == ((10,), True, None)
        assert np.array_equal(f["sum"][()], np.arange(100))


def test_the_function_warns(tmp_path):
    import vortex_codec

    path = tmp_path / "refs.h5"
    with h5py.File(path, "w") as f:
        f["x"] = np.arange(5.0)
        f.create_dataset("refs", data=np.array([f["x"].ref], object), dtype=h5py.ref_dtype)
        f["names"] = ["a", "bc"]
    with pytest.warns(UserWarning, match="refs: references"):
        vortex_codec.compress_file(path, tmp_path / "refs.vxc", datasets=True)
    archive = vortex_codec.Archive(tmp_path / "refs.vxc")
    assert archive["names/values"][:].tobytes() == b"abc"
    assert archive["names/lengths"][:].tobytes() == np.array([1, 2], "<u4").tobytes()


def test_pandas(tmp_path):
    pytest.importorskip("tables")
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "frame.h5"
    frame = pandas.DataFrame(
        {"run": np.arange(1000) // 100, "pt": np.arange(1000) / 8, "name": [f"e{i % 7}" for i in range(1000)]}
    )
    frame.to_hdf(path, key="events", format="table", data_columns=["run"], complevel=5, complib="zlib")
    frame[["run", "pt"]].to_hdf(path, key="deep/fixed", format="fixed")
    frame.to_hdf(path, key="objects", format="fixed")
    back, _ = restored(path)
    pandas.testing.assert_frame_equal(pandas.read_hdf(back, "events"), frame)
    pandas.testing.assert_frame_equal(pandas.read_hdf(back, "events", where="run == 3"), frame[frame.run == 3])
    pandas.testing.assert_frame_equal(pandas.read_hdf(back, "deep/fixed"), frame[["run", "pt"]])
    pandas.testing.assert_frame_equal(pandas.read_hdf(back, "objects"), frame)


def test_pytables(tmp_path):
    tables = pytest.importorskip("tables")
    path = tmp_path / "pytables.h5"
    with tables.open_file(path, "w", title="a file") as f:
        f.create_carray("/", "blosc", obj=np.arange(9000.0).reshape(900, 10), filters=tables.Filters(5, "blosc"))
        rows = np.zeros(500, dtype=[("id", "<i4"), ("tag", "S5"), ("p", "<f8", (3,))])
        rows["id"] = np.arange(500) * 7 % 500
        table = f.create_table("/", "rows", obj=rows, filters=tables.Filters(5, "zlib", shuffle=True))
        table.cols.id.create_index()
        f.root.rows.attrs.note = {"a": [1, 2]}
        f.create_earray("/more", "grows", obj=np.arange(10), createparents=True)
    back, said = restored(path)
    assert "blosc: not kept: restored without these filters: Blosc (32001)" in said
    with tables.open_file(back) as f:
        assert f.title == "a file" and f.root.rows.attrs.note == {"a": [1, 2]}
        assert np.array_equal(f.root.blosc[:], np.arange(9000.0).reshape(900, 10))
        assert np.array_equal(f.root.rows[:], rows)
        assert [row["id"] for row in f.root.rows.where("id == 70")] == [70]
        assert np.array_equal(f.root.more.grows[:], np.arange(10))


def test_netcdf(tmp_path):
    netcdf = pytest.importorskip("netCDF4")
    path = tmp_path / "weather.nc"
    with netcdf.Dataset(path, "w") as f:
        f.title = "a forecast"
        f.createDimension("time", None)
        f.createDimension("x", 5)
        f.createDimension("unused", 3)
        f.createVariable("time", "f8", ("time",))[:] = np.arange(4)
        f["time"].units = "hours since 2026-01-01"
        t = f.createVariable("t", "f4", ("time", "x"), zlib=True, shuffle=True, fill_value=-99)
        t.units, t.valid_range = "K", np.array([100, 400], "f4")
        t[:] = np.arange(20).reshape(4, 5)
        f.createVariable("place", str, ("x",))[:] = np.array(["Genève", "", "Meyrin", "b", "c"], object)
        inner = f.createGroup("inner")
        inner.createVariable("y", "i2", ("x",))[:] = np.arange(5)
    # Other programs ask for the ending .h5.
    os.rename(path, path.with_suffix(".h5"))
    back, _ = restored(path.with_suffix(".h5"))
    with netcdf.Dataset(back) as f:
        assert f.title == "a forecast"
        assert {name: len(d) for name, d in f.dimensions.items()} == {"time": 4, "x": 5, "unused": 3}
        assert f.dimensions["time"].isunlimited()
        assert f["t"].dimensions == ("time", "x") and f["t"].units == "K"
        assert f["t"]._FillValue == -99 and f["t"].filters()["zlib"]
        assert np.array_equal(f["t"][:], np.arange(20).reshape(4, 5))
        assert f["inner/y"].dimensions == ("x",)
        assert list(f["place"][:]) == ["Genève", "", "Meyrin", "b", "c"]


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
def test_xarray(tmp_path, engine):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip({"netcdf4": "netCDF4"}.get(engine, engine))
    path = tmp_path / "cube.h5"
    data = xarray.Dataset(
        {"t": (("time", "x"), np.arange(20.0).reshape(4, 5), {"units": "K", "long_name": "temperature"})},
        coords={"time": np.arange(4) * 2.5, "x": ["a", "bb", "", "d", "long"]},
        attrs={"history": "made for a test"},
    )
    data.to_netcdf(path, engine=engine, encoding={"t": {"zlib": True, "chunksizes": (2, 5)}})
    back, _ = restored(path)
    with xarray.open_dataset(back, engine=engine) as found:
        xarray.testing.assert_identical(found.load(), data)
        assert found.t.encoding["chunksizes"] == (2, 5)
