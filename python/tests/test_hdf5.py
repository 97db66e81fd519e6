"""The HDF5 filter in h5py: exact values back, or an error that says why."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import vortex_codec
from vortex_codec import _core, errors, hdf5
from vortex_codec._arrays import flat_bytes
from vortex_codec._hdf5_chunks import chunk_shape

NUMBERS = ["i1", "u1", "<i2", ">u2", "<i4", ">i4", "<u8", ">i8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]
OTHERS = ["?", "<c8", ">c16", "S1", "S7", "V5"]


def plain_types():
    numbers = st.sampled_from(NUMBERS + OTHERS).map(np.dtype)
    enums = st.just(h5py.enum_dtype({"RED": 0, "GREEN": 1, "BLUE": 42}, basetype="<i2"))
    return st.one_of(numbers, enums)


@st.composite
def record_types(draw):
    """Structures, some nested, with arrays and gaps."""
    fields = []
    for index in range(draw(st.integers(1, 5))):
        kind = draw(plain_types())
        if draw(st.integers(0, 5)) == 0:
            kind = np.dtype([("inner", kind), ("n é", "<i2")])
        if draw(st.integers(0, 3)) == 0:
            fields.append((f"f{index}", kind, draw(st.sampled_from([(2,), (2, 3)]))))
        else:
            fields.append((f"f{index}", kind))
    return np.dtype(fields, align=draw(st.booleans()))


@st.composite
def datasets(draw):
    """An array of arbitrary bytes, which has all NaN payloads, and the shape of its chunks."""
    dtype = draw(st.one_of(plain_types(), record_types()))
    shape = draw(arrays.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=12))
    chunks = tuple(draw(st.integers(1, n)) for n in shape)
    size = int(np.prod(shape)) * dtype.itemsize
    seed = draw(st.binary(min_size=1, max_size=64))
    found = np.resize(np.frombuffer(seed, np.uint8), size)
    if draw(st.booleans()):
        found = np.random.default_rng(len(seed)).integers(0, 256, size).astype(np.uint8)
    return found.view(dtype).reshape(shape), chunks


def in_memory():
    return h5py.File("memory.h5", "w", driver="core", backing_store=False)


def raw(dataset):
    """The values of a dataset as stored: h5py converts nothing between equal types."""
    out = np.zeros(dataset.shape, dataset.dtype)
    dataset.id.read(h5py.h5s.ALL, h5py.h5s.ALL, out, dataset.id.get_type())
    return out


def put(dataset, array):
    dataset.id.write(h5py.h5s.ALL, h5py.h5s.ALL, array, dataset.id.get_type())


def flush(dataset):
    """Codes the chunks now, and drops them, so that reading decodes."""
    dataset.flush()
    dataset.refresh()


EXACT = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@EXACT
@given(datasets(), st.sampled_from([1, 2, 3, 5, 8]), st.booleans(), st.booleans())
def test_any_dtype_shape_and_chunks_come_back_exactly(tmp_path_factory, made, level, verify, direct):
    array, chunks = made
    path = tmp_path_factory.getbasetemp() / "exact.h5"
    with h5py.File(path, "w") as file:
        options = hdf5.filter(level, verify=verify)
        dataset = file.create_dataset("x", array.shape, array.dtype, chunks=chunks, **options)
        if direct and same_layout(dataset):
            hdf5.write(dataset, array, threads=2)
        else:
            put(dataset, array)
    with h5py.File(path) as file:
        dataset = file["x"]
        assert dataset.dtype == array.dtype
        assert raw(dataset).tobytes() == array.tobytes()
        if same_layout(dataset):
            assert hdf5.read(dataset, threads=2).tobytes() == array.tobytes()


def same_layout(dataset):
    return h5py.h5t.py_create(dataset.dtype, logical=True) == dataset.id.get_type()


def test_the_type_of_the_dataset_is_learned(jets):
    with in_memory() as file:
        dataset = file.create_dataset("x", data=jets, chunks=(5000,), **hdf5.filter(level=2))
        # h5py shows the first 16 values: level, version, flags (a schema), bytes of a chunk.
        values = dataset.id.get_create_plist().get_filter(0)[2]
        assert values[:4] == (2, 1, 4, 5000 * jets.dtype.itemsize)
        stated = dataset.id.get_storage_size()
        blind = file.create_dataset("y", data=jets.view("V14"), chunks=(5000,), **hdf5.filter(level=2))
        assert stated < blind.id.get_storage_size()


@EXACT
@given(st.one_of(record_types(), plain_types()), st.integers(1, 200))
def test_the_learned_type_is_that_of_numpy(dtype, n):
    small = np.random.default_rng(n).integers(0, 3, n * dtype.itemsize).astype(np.uint8)
    array = small.view(dtype)
    values = list(hdf5.filter(1, schema=array.dtype)["compression_opts"])
    with in_memory() as file:
        dataset = file.create_dataset("x", (n,), dtype, chunks=(n,), **hdf5.filter(1))
        put(dataset, array)
        file.flush()
        _, chunk = dataset.id.read_direct_chunk((0,))
        # The same chunk from the same schema; names are not in it.
        assert chunk == _core.hdf5_encode(flat_bytes(array), values)


def test_data_is_searched_once_and_makes_small_chunks_smaller(jets):
    sizes = []
    with in_memory() as file:
        for name, options in {"a": hdf5.filter(level=5), "b": hdf5.filter(level=5, data=jets)}.items():
            dataset = file.create_dataset(name, data=jets, chunks=(1000,), **options)
            sizes.append(dataset.id.get_storage_size())
            assert (dataset[...] == jets).all()
    assert sizes[1] < sizes[0]


def test_names_are_not_stored_in_chunks(jets):
    with in_memory() as file:
        dataset = file.create_dataset("x", data=jets, chunks=(1000,), **hdf5.filter(level=2))
        _, chunk = dataset.id.read_direct_chunk((0,))
    assert chunk.startswith(b"\x9EVXC") and b"event" not in chunk
    # A chunk is a file of its own.
    assert vortex_codec.decompress(chunk) == jets[:1000].tobytes()


def test_noise_is_stored_with_12_bytes_more():
    noise = np.random.default_rng(1).integers(0, 2**32, 4096, "u4")
    with in_memory() as file:
        dataset = file.create_dataset("x", data=noise, chunks=(1024,), **hdf5.filter(level=5))
        assert dataset.id.get_storage_size() == noise.nbytes + 4 * 12


def test_create_dataset_writes_all_with_threads(jets, tmp_path):
    table = jets.reshape(100, 200)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for threads in (1, 3):
            dataset = hdf5.create_dataset(
                file, f"x{threads}", table, level=2, chunks=(30, 70), threads=threads
            )
            assert dataset.chunks == (30, 70)
            assert isinstance(dataset, h5py.Dataset)
        grid = np.linspace(0, 1, 7 * 301).reshape(301, 7)
        hdf5.create_dataset(file, "grid", grid, level=3, maxshape=(None, 7), fillvalue=0.5)
        assert hdf5.create_dataset(file, "line", np.arange(9), chunks=4, level=2).chunks == (4,)
        hdf5.create_dataset(file, "none", np.empty((0, 3)))
        hdf5.create_dataset(file, "scalar", 1.5)
        with pytest.raises(errors.InvalidArgumentError, match="variable length"):
            hdf5.create_dataset(file, "text", np.array(["a", "bc"], object))
    with h5py.File(tmp_path / "x.h5") as file:
        assert (file["x1"][...] == table).all()
        assert file["x1"].id.get_storage_size() == file["x3"].id.get_storage_size()
        assert (hdf5.read(file["x3"]) == table).all()
        assert (file["grid"][...] == grid).all() and (hdf5.read(file["grid"]) == grid).all()
        assert file["none"].shape == (0, 3) and file["scalar"][()] == 1.5


def test_chunk_shapes():
    assert chunk_shape((10, 5), 4) == (10, 5)
    assert chunk_shape((10**6, 40), 85) == (308, 40)
    assert chunk_shape((3, 10**7), 8) == (1, 131072)
    assert chunk_shape((5, 5), 1 << 21) == (1, 1)


def test_edges_and_unwritten_chunks_have_the_fill_value(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        dataset = file.create_dataset(
            "x", (10,), ">i4", chunks=(4,), maxshape=(None,), fillvalue=-7, **hdf5.filter(2)
        )
        assert (hdf5.read(dataset) == -7).all()
        dataset[5] = 1
        assert dataset[...].tolist() == hdf5.read(dataset).tolist() == [-7] * 5 + [1] + [-7] * 4
        hdf5.write(dataset, np.arange(10))
        dataset.resize((14,))
        assert dataset[...].tolist() == [*range(10), -7, -7, -7, -7]
        # Whole chunks through HDF5 and single ones directly see each other.
        dataset[0:4] = 9
        assert hdf5.read(dataset)[:5].tolist() == [9, 9, 9, 9, 4]


def test_chunks_that_skip_the_filter(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("x", (4,), "<i4", chunks=(2,), **hdf5.filter(2))
        dataset[...] = [0, 1, 2, 3]
        dataset.id.write_direct_chunk((2,), np.array([7, 8], "<i4").tobytes(), filter_mask=1)
    with h5py.File(path) as file:
        assert file["x"][...].tolist() == hdf5.read(file["x"]).tolist() == [0, 1, 7, 8]


def test_wrong_arguments():
    for arguments in ({"level": 0}, {"level": 10}, {"schema": object}):
        with pytest.raises(errors.InvalidArgumentError):
            hdf5.filter(**arguments)
    with in_memory() as file:
        dataset = file.create_dataset("x", (10,), "<f4", chunks=(4,), **hdf5.filter())
        with pytest.raises(errors.InvalidArgumentError, match="shape"):
            hdf5.write(dataset, np.zeros(11, "<f4"))
        with pytest.raises(errors.InvalidArgumentError, match="complex128"):
            hdf5.write(dataset, np.zeros(10, complex))
        for options in ({"compression": "gzip"}, {"chunks": (4,)}, {}):
            other = file.create_dataset(f"{options}", (10,), "<f4", **options)
            with pytest.raises(errors.InvalidArgumentError, match="only one"):
                hdf5.read(other)
        with pytest.raises((OSError, ValueError), match="level 77"):
            file.create_dataset("y", (10,), "<f4", compression=hdf5.FILTER_ID, compression_opts=(77,))


def test_another_filter_first_is_allowed(jets):
    with in_memory() as file:
        dataset = file.create_dataset("x", data=jets, chunks=(999,), shuffle=True, **hdf5.filter(2))
        flush(dataset)
        assert (dataset[...] == jets).all()
        checked = file.create_dataset("y", data=jets, chunks=(999,), fletcher32=True, **hdf5.filter(2))
        flush(checked)
        assert (checked[...] == jets).all()


def test_threads_and_processes_read_at_the_same_time(jets, tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=jets, chunks=(500,), **hdf5.filter(2))
    with h5py.File(path) as file, ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda i: file["x"][i * 1000 : (i + 1) * 1000], range(20)))
        assert (np.concatenate(parts) == jets).all()
    program = (
        "import sys, h5py; from vortex_codec import hdf5\n"
        "with h5py.File(sys.argv[1]) as file: print(file['x']['event'].sum())"
    )
    readers = [
        subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for reader in readers:
        assert int(reader.communicate()[0]) == int(jets["event"].sum())


def damage(path, name):
    """Changes a byte in the middle of a chunk."""
    with h5py.File(path) as file:
        chunk = file[name].id.get_chunk_info(1)
    with open(path, "r+b") as file:
        file.seek(chunk.byte_offset + chunk.size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 4]))


def test_a_damaged_chunk_is_an_error_that_says_so(jets, tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=jets, chunks=(5000,), **hdf5.filter(2))
    damage(path, "x")
    with h5py.File(path) as file:
        assert (file["x"][:5000] == jets[:5000]).all()
        with pytest.raises(OSError, match="Vortex: the chunk cannot be decoded: .*damaged"):
            file["x"][...]
        with pytest.raises(errors.DamagedError, match=r"chunk at \(5000,\)"):
            hdf5.read(file["x"])


def test_a_chunk_of_the_wrong_length_is_an_error(jets, tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        dataset = file.create_dataset("x", (100,), jets.dtype, chunks=(50,), **hdf5.filter(2))
        for n, text in ((49, "686 bytes; a chunk has 700"), (51, "more than the 700 bytes")):
            dataset.id.write_direct_chunk((0,), vortex_codec.compress(jets[:n], level=2))
            with pytest.raises(OSError, match=text):
                dataset[...]


def test_models(jets, small_model, tmp_path, monkeypatch):
    monkeypatch.delenv("VORTEX_MODEL_PATH", raising=False)
    path = tmp_path / "x.h5"
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "jets.vxm").write_bytes(small_model.tobytes())
    options = hdf5.filter(model=folder / "jets.vxm")
    assert os.environ["VORTEX_MODEL_PATH"] == str(folder)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=jets[:3000], chunks=(1000,), **options)
        hdf5.create_dataset(file, "y", jets[:3000], chunks=(1000,), model=folder / "jets.vxm")
        assert file["x"].id.get_storage_size() == file["y"].id.get_storage_size()
    program = "import sys, h5py; from vortex_codec import hdf5; print(h5py.File(sys.argv[1])['x'][-1])"

    def reader(**environment):
        clean = {k: v for k, v in os.environ.items() if k != "VORTEX_MODEL_PATH"}
        words = [sys.executable, "-c", program, path]
        return subprocess.run(words, env=clean | environment, capture_output=True, text=True)

    assert reader(VORTEX_MODEL_PATH=str(folder)).stdout.strip() == str(jets[2999])
    missing = reader()
    assert missing.returncode == 1 and "OSError" in missing.stderr
    assert small_model.digest[:16] in missing.stderr and "VORTEX_MODEL_PATH" in missing.stderr
    with h5py.File(path) as file:
        assert (hdf5.read(file["y"], model=small_model) == jets[:3000]).all()
    in_memory_only = vortex_codec.Model.load(small_model.tobytes())
    with pytest.raises(errors.InvalidArgumentError, match="memory"):
        hdf5.filter(model=in_memory_only)


def test_a_model_that_is_gone_is_noticed_when_the_dataset_is_made(jets, tmp_path):
    values = (5, 1, 2, 0, *range(1, 9))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        with pytest.raises((OSError, ValueError), match="needs the model with BLAKE3"):
            file.create_dataset("x", data=jets, compression=hdf5.FILTER_ID, compression_opts=values)


def test_without_h5py_the_variable_of_hdf5_is_set():
    program = (
        "import sys, os; sys.modules['h5py'] = None\n"
        "from vortex_codec import hdf5\n"
        "assert os.environ['HDF5_PLUGIN_PATH'].split(os.pathsep)[0] == hdf5.PLUGIN_PATH\n"
        "print(hdf5.filter(level=3)['compression_opts'])"
    )
    clean = {k: v for k, v in os.environ.items() if k != "HDF5_PLUGIN_PATH"}
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, env=clean, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(3, 1, 0, 0)"
