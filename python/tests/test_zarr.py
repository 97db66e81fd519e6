"""Zarr arrays of version 3: exact values back, in all stores, with Dask, or an error."""

import asyncio
import json
import subprocess
import sys
import textwrap
import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

zarr = pytest.importorskip("zarr")

from vortex_codec import errors  # noqa: E402
from vortex_codec.zarr import VortexCodec, codecs  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:The data type", "ignore:Numcodecs codecs")

NUMBERS = ["?", "i1", "u1", "<i2", ">u2", "<i4", ">i4", "<u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">c8"]
OTHERS = ["S5", "<U3", "V6", "<M8[ns]", ">m8[s]"]


@st.composite
def datasets(draw):
    """An array of arbitrary bytes, which has all NaN payloads, and the shape of its chunks."""
    kind = np.dtype(draw(st.sampled_from(NUMBERS + OTHERS)))
    if draw(st.booleans()):
        names = [f"f{index}" for index in range(draw(st.integers(1, 4)))]
        kind = np.dtype([(name, draw(st.sampled_from(NUMBERS))) for name in names])
    shape = draw(arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=12))
    chunks = tuple(draw(st.integers(1, max(1, n))) for n in shape)
    size = int(np.prod(shape)) * kind.itemsize
    seed = draw(st.binary(min_size=1, max_size=64))
    flat = np.resize(np.frombuffer(seed, np.uint8), max(1, size)).copy()
    if kind.kind == "U":
        # Four bytes at random are no character.
        flat = np.resize(np.frombuffer("aé€😀".encode("utf-32-le"), np.uint8), max(1, size)).copy()
    if kind.kind == "b" or "?" in str(kind.descr):
        flat &= 1
    return np.ndarray(shape, kind, flat), chunks


def same_bytes(found, stated):
    """Whether all bits are equal; in memory, zarr keeps no byte order."""
    assert found.shape == stated.shape
    return found.astype(stated.dtype, copy=False).tobytes() == stated.tobytes()


@settings(max_examples=60, deadline=None)
@given(datasets(), st.integers(1, 3))
def test_any_array_comes_back(dataset, level):
    array, chunks = dataset
    store = zarr.storage.MemoryStore()
    # Zarr leaves out chunks that equal the fill value, for which -0.0 and 0.0 may be the same.
    config = {"write_empty_chunks": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zarr.create_array(store, data=array, chunks=chunks, config=config, **codecs(level))
        assert same_bytes(zarr.open_array(store)[...], array)


def test_found_by_name_in_another_process(tmp_path, jets):
    zarr.create_array(tmp_path / "jets.zarr", data=jets, chunks=(4096,), **codecs(2))
    stated = json.loads((tmp_path / "jets.zarr" / "zarr.json").read_text())
    assert stated["codecs"] == [{"name": "vortex_codec", "configuration": {"level": 2}}]
    code = """
        import sys, zarr
        array = zarr.open_array(sys.argv[1], mode="r")
        sys.stdout.buffer.write(array[...].tobytes())
    """
    words = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code), tmp_path / "jets.zarr"]
    assert subprocess.run(words, capture_output=True, check=True).stdout == jets.tobytes()


def test_edges_fill_values_and_appending(tmp_path):
    array = zarr.create_array(
        tmp_path / "a", shape=(10, 7), chunks=(4, 4), dtype="f4", fill_value=np.nan, **codecs(1)
    )
    expected = np.full((10, 7), np.nan, "f4")
    array[2:9, 1:6] = expected[2:9, 1:6] = np.arange(35, dtype="f4").reshape(7, 5)
    assert same_bytes(array[...], expected)
    again = zarr.open_array(tmp_path / "a")
    again.append(np.ones((3, 7), "f4"))
    assert same_bytes(again[...], np.concatenate([expected, np.ones((3, 7), "f4")]))
    # Chunks that were never written do not exist.
    empty = zarr.create_array(tmp_path / "b", shape=(9,), chunks=(4,), dtype="i2", fill_value=7, **codecs())
    assert (empty[...] == 7).all() and empty.nchunks_initialized == 0
    assert zarr.create_array(tmp_path / "c", shape=(), dtype="f8", **codecs(1))[()] == 0


def test_shards_and_other_codecs(jets):
    store = zarr.storage.MemoryStore()
    # (Zarr 3.1 itself cannot put structures into shards.)
    pt = jets["pt"].copy()
    sharded = zarr.create_array(store, data=pt, chunks=(1000,), shards=(5000,), **codecs(2, data=pt))
    assert (sharded[4321:8765] == pt[4321:8765]).all()
    # After a transposition, and before a checksum.
    grid = np.arange(600, dtype="<i4").reshape(30, 20)
    codec = VortexCodec(2)
    array = zarr.create_array(
        zarr.storage.MemoryStore(),
        data=grid,
        chunks=(7, 20),
        serializer=codec,
        filters=zarr.codecs.TransposeCodec(order=(1, 0)),
        compressors=zarr.codecs.Crc32cCodec(),
    )
    assert (array[...] == grid).all()
    # With the compressor that zarr chooses.
    array = zarr.create_array(zarr.storage.MemoryStore(), data=grid, serializer=codec)
    assert (array[...] == grid).all()


def test_a_search_once(tmp_path, jets):
    sizes = []
    some = jets[:4000]
    for name, options in (("blind", {}), ("found", {"data": jets})):
        array = zarr.create_array(tmp_path / name, data=some, chunks=(250,), **codecs(5, **options))
        assert (zarr.open_array(tmp_path / name)[...] == some).all()
        sizes.append(array.nbytes_stored())
    assert sizes[1] < sizes[0]
    # What was found belongs to the array: who appends uses it too.
    again = zarr.open_array(tmp_path / "found")
    again.append(jets[:500])
    assert (again[-500:] == jets[:500]).all()
    assert again.serializer == codecs(5, data=jets)["serializer"]
    # Records of another byte order are stored in little-endian order, and searched so.
    swapped = jets.astype(jets.dtype.newbyteorder(">"))
    assert codecs(5, data=swapped)["serializer"] == again.serializer


def test_a_model(tmp_path, jets, small_model, monkeypatch):
    monkeypatch.setenv("VORTEX_MODEL_PATH", "")
    array = zarr.create_array(tmp_path / "a", data=jets[:2000], chunks=(500,), **codecs(model=small_model))
    assert array.metadata.codecs[0].coding.model == small_model.digest
    assert (zarr.open_array(tmp_path / "a")[...] == jets[:2000]).all()


def test_wrong_arguments_and_types():
    for configuration in ({"level": 10}, {"level": 1, "speed": 2}, {"schema": {"bytes": 3}}):
        with pytest.raises(errors.InvalidArgumentError):
            VortexCodec.from_dict({"name": "vortex_codec", "configuration": configuration})
    assert VortexCodec.from_dict({"name": "vortex_codec"}) == VortexCodec()
    with pytest.raises(errors.InvalidArgumentError, match="variable length"):
        VortexCodec().validate(shape=(3,), dtype=zarr.dtype.VariableLengthUTF8(), chunk_grid=None)


def test_damaged_chunks(tmp_path, jets):
    array = zarr.create_array(tmp_path / "a", data=jets[:2000], chunks=(1000,), **codecs(2))
    chunk = tmp_path / "a" / "c" / "1"
    good = chunk.read_bytes()
    longer = zarr.create_array(tmp_path / "b", data=jets[:2000], chunks=(2000,), **codecs(2))
    assert longer.nchunks == 1
    whole = (tmp_path / "b" / "c" / "0").read_bytes()
    for bad in (
        b"",
        b"\0" * 200,
        good[:-1],
        good[:50] + bytes([good[50] ^ 1]) + good[51:],
        whole,
        good + good,
    ):
        chunk.write_bytes(bad)
        with pytest.raises(errors.VortexError):
            array[1500]
        assert array[500] == jets[500]
    chunk.write_bytes(good)
    assert array[1500] == jets[1500]


def test_the_event_loop_runs_during_coding():
    noise = np.random.default_rng(1).integers(0, 256, 1 << 19, np.uint8)

    async def work():
        store = zarr.storage.MemoryStore()
        array = await zarr.api.asynchronous.create_array(
            store, shape=noise.shape, chunks=noise.shape, dtype=noise.dtype, **codecs(5)
        )
        ticks, start = 0, time.monotonic()
        task = asyncio.ensure_future(array.setitem(slice(None), noise))
        while not task.done():
            await asyncio.sleep(0.001)
            ticks += 1
        return ticks, time.monotonic() - start

    ticks, seconds = asyncio.run(work())
    # If the loop waited, there would be one or two; a busy machine gives a part of all.
    assert ticks > max(5, 30 * seconds), (ticks, seconds)


@pytest.mark.parametrize("where", ["local", "memory"])
def test_dask_arrays_on_top(tmp_path, where):
    dask_array = pytest.importorskip("dask.array")
    store = zarr.storage.LocalStore(tmp_path / "a") if where == "local" else zarr.storage.MemoryStore()
    grid = np.round(np.random.default_rng(4).normal(0, 5, (500, 12)), 2).astype("<f4")
    target = zarr.create_array(store, shape=grid.shape, chunks=(100, 12), dtype=grid.dtype, **codecs(2))
    source = dask_array.from_array(grid, chunks=(100, 12))
    source.store(target, lock=False)
    lazy = dask_array.from_zarr(target)
    assert lazy.chunksize == (100, 12)
    assert (lazy.compute() == grid).all()
    assert np.isclose(lazy.mean().compute(), grid.mean(), atol=1e-5)
    # A part reads only its chunks.
    assert (lazy[150:160, 3].compute() == grid[150:160, 3]).all()
