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
from vortex_codec._hdf5_chunks import Chunks, chunk_shape

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
        # Shuffle keeps the length.
        for shuffle in (False, True):
            dataset = file.create_dataset(
                f"x{shuffle}", (100,), jets.dtype, chunks=(50,), shuffle=shuffle, **hdf5.filter(2)
            )
            for n, text in ((49, "686 bytes; a chunk has 700"), (51, "more than the 700 bytes")):
                dataset.id.write_direct_chunk((0,), vortex_codec.compress(jets[:n], level=2))
                with pytest.raises(OSError, match=text):
                    dataset[...]
                if not shuffle:
                    with pytest.raises(errors.DamagedError, match=text):
                        hdf5.read(dataset)
        dataset = file["xFalse"]
        dataset.id.write_direct_chunk((0,), bytes(699), filter_mask=1)
        with pytest.raises(errors.DamagedError, match="699 bytes"):
            hdf5.read(dataset)


def test_chunks_that_hold_a_model_are_refused(jets, small_model):
    chunk = vortex_codec.compress(jets[:1000], model=small_model, embed_model=True)
    with in_memory() as file:
        dataset = file.create_dataset("x", (1000,), jets.dtype, chunks=(1000,), **hdf5.filter(2))
        dataset.id.write_direct_chunk((0,), chunk)
        with pytest.raises(OSError, match="a model of .* bytes; 0 are allowed"):
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


def refused(*words):
    return pytest.raises(errors.InvalidArgumentError, match="|".join(words))


def written_both_ways(dtype, n, data, fill=None):
    """What `dataset[...] = data` and `hdf5.write` leave in a dataset."""
    with in_memory() as file:
        found = []
        for name in "ab":
            dataset = file.create_dataset(name, (n,), dtype, chunks=(2,), fillvalue=fill, **hdf5.filter(2))
            if name == "a":
                dataset[...] = data
            else:
                hdf5.write(dataset, data, threads=2)
            flush(dataset)
            found.append(raw(dataset).tobytes())
            assert hdf5.read(dataset).tobytes() == found[-1]
    return found


def test_fields_in_another_order_are_written_by_name():
    data = np.zeros(10, [("eta", "<f4"), ("pt", "<f4")])
    data["pt"], data["eta"] = np.arange(10), -np.arange(10)
    for dtype in ([("pt", "<f4"), ("eta", "<f4")], [("pt", "<f8"), ("eta", ">i2")]):
        one, other = written_both_ways(np.dtype(dtype), 10, data)
        assert one == other
        assert np.frombuffer(other, dtype)["pt"].tolist() == list(range(10))
    # Equal names and layout in another order are the same bytes.
    same = np.dtype({"names": ["pt", "eta"], "formats": ["<f4"] * 2, "offsets": [4, 0], "itemsize": 8})
    one, other = written_both_ways(data.dtype, 10, data.view(same))
    assert one == other == data.tobytes()


@pytest.mark.parametrize("dtype", ["i1", "u1", "<i2", ">i4", "<u8", "<f4", ">f8", "<f2"])
def test_numbers_are_converted_as_hdf5_does(dtype):
    for data in (np.array([300, -300, 5, 70000, -1]), np.array([1e9, -1e9, 0.5, 2.5, -1.0], "<f8")):
        with np.errstate(over="ignore"):
            one, other = written_both_ways(dtype, 5, data)
        assert one == other
    one, other = written_both_ways("i1", 3, np.array([300, -300, 5]))
    assert np.frombuffer(other, "i1").tolist() == [127, -128, 5]


def test_lists_are_written_as_h5py_does():
    for dtype, data in (("<f4", [1, 2.5, 3]), ("S3", ["a", "bcd", "e"]), ("S3", [b"a", b"b", b"cde"])):
        one, other = written_both_ways(dtype, 3, data)
        assert one == other
    utf8 = h5py.string_dtype("utf-8", 4)
    one, other = written_both_ways(utf8, 2, ["é", "b"])
    assert one == other and "é".encode() in other


def test_what_hdf5_does_not_convert_is_refused():
    pairs = [("S3", np.arange(4)), ("<f4", np.array(list("abcd"))), ("<i4", np.array([object()] * 4))]
    with in_memory() as file:
        for name, (dtype, data) in enumerate(pairs):
            dataset = file.create_dataset(f"{name}", (4,), dtype, chunks=(4,), **hdf5.filter(2))
            with refused("data of "):
                hdf5.write(dataset, data)
            assert dataset.id.get_num_chunks() == 0


def test_gaps_of_new_structures_are_zeros():
    aligned = np.dtype([("flag", "u1"), ("pt", "<f8")], align=True)
    # What freed memory holds.
    for _ in range(20):
        np.full(16 * 1000, 0xAB, np.uint8)
    packed = np.zeros(1000, [("flag", "u1"), ("pt", "<f8")])
    for data in (packed, packed.tolist()):
        one, other = written_both_ways(aligned, 1000, data)
        assert other == bytes(16000)


EDGES = h5py.h5p.DATASET_CREATE


def without_edge_filters(file, shape, dtype, chunks):
    """A dataset with H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS, which h5py itself cannot set."""
    import ctypes

    properties = h5py.h5p.create(EDGES)
    properties.set_chunk(chunks)
    properties.set_filter(hdf5.FILTER_ID, h5py.h5z.FLAG_OPTIONAL, (2,))
    set_option = None
    for path in {line.split()[-1] for line in open("/proc/self/maps") if "libhdf5" in line}:
        library = ctypes.CDLL(path)
        if hasattr(library, "H5Pset_chunk_opts"):
            set_option = library.H5Pset_chunk_opts
            break
    if set_option is None:
        pytest.skip("H5Pset_chunk_opts was not found")
    set_option.argtypes, set_option.restype = (ctypes.c_int64, ctypes.c_uint), ctypes.c_int
    assert set_option(properties.id, 2) >= 0
    kind = h5py.h5t.py_create(np.dtype(dtype), logical=True)
    space = h5py.h5s.create_simple(shape, (h5py.h5s.UNLIMITED,) * len(shape))
    return h5py.Dataset(h5py.h5d.create(file.id, b"edges", kind, space, dcpl=properties))


@pytest.mark.skipif(sys.platform != "linux", reason="the test looks for HDF5 in /proc")
@pytest.mark.parametrize("shape, chunks", [((1500,), (1000,)), ((50, 30), (20, 20))])
def test_chunks_at_the_edge_without_filters(tmp_path, shape, chunks):
    array = np.arange(1500, dtype="<i4").reshape(shape)
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", libver="latest") as file:
        dataset = without_edge_filters(file, shape, "<i4", chunks)
        for write in (hdf5.write, lambda dataset, array: dataset.__setitem__(..., array)):
            write(dataset, array)
            flush(dataset)
            assert (dataset[...] == array).all()
            assert (hdf5.read(dataset) == array).all()
        hdf5.write(dataset, array)
    with h5py.File(path) as file:
        assert (file["edges"][...] == array).all() and (hdf5.read(file["edges"]) == array).all()


def test_a_failed_creation_leaves_nothing(jets, monkeypatch):
    with in_memory() as file:
        for options in ({"shuffle": True}, {"fletcher32": True}, {"compression": "gzip"}, {"dtype": "f8"}):
            with refused(next(iter(options))):
                hdf5.create_dataset(file, "x", jets, **options)
        with refused("threads"):
            hdf5.create_dataset(file, "x", jets, threads=-1)
        assert "x" not in file

        def fail(*_):
            raise KeyboardInterrupt

        file["kept"] = 1
        monkeypatch.setattr(_core, "hdf5_encode", fail)
        with pytest.raises(KeyboardInterrupt):
            hdf5.create_dataset(file, "x", jets)
        with pytest.raises(ValueError, match="exists"):
            hdf5.create_dataset(file, "kept", jets)
        assert list(file) == ["kept"]


def test_without_the_values_h5py_writes(jets, monkeypatch):
    monkeypatch.setattr(_core, "hdf5_values_of", lambda _: None)
    with in_memory() as file:
        assert (hdf5.create_dataset(file, "x", jets, level=2)[...] == jets).all()


def test_selections_of_fields_are_stored_without_the_others(jets):
    aligned = np.zeros(50, np.dtype([("a", "u1"), ("b", "<f8")], align=True))
    with in_memory() as file:
        for names in (["event", "pt"], ["pt", "event"]):
            part = jets[names]
            dataset = hdf5.create_dataset(file, "-".join(names), part, level=2)
            assert dataset.dtype.names == tuple(names) and dataset.dtype.itemsize < jets.dtype.itemsize
            for name in names:
                assert (dataset[...][name] == jets[name]).all() and (hdf5.read(dataset)[name] == jets[name]).all()
        assert hdf5.create_dataset(file, "aligned", aligned, level=2).dtype == aligned.dtype


def test_values_of_variable_length_are_refused_with_words():
    with in_memory() as file:
        with refused("variable length"):
            hdf5.filter(data=np.array(["a"], object))
        texts = file.create_dataset("t", (4,), h5py.string_dtype(), chunks=(4,), **hdf5.filter(2))
        for work in (hdf5.read, lambda dataset: hdf5.write(dataset, ["a"] * 4)):
            with refused("variable length"):
                work(texts)


def test_many_chunks_are_found_in_one_pass():
    with in_memory() as file:
        dataset = file.create_dataset("x", (3000, 2), "<i4", chunks=(2, 1), **hdf5.filter(1))
        for index in (0, 777, 2999):
            dataset[index] = [index, -index]
        calls = []

        class Counted:
            """The dataset of h5py, which counts the look-ups of single chunks."""

            def __getattr__(self, name):
                if name == "get_chunk_info_by_coord":
                    calls.append(name)
                return getattr(dataset.id, name)

        chunks = Chunks(dataset)
        if h5py.version.hdf5_version_tuple >= (1, 14, 4):
            chunks.dataset = type("Dataset", (), {"id": Counted(), "name": "x"})()
        assert (chunks.read(None, 2) == dataset[...]).all()
        assert not calls


def test_a_model_that_goes_missing_leaves_raw_chunks_that_can_be_read(jets, small_model, tmp_path):
    """HDF5 stores a chunk as it is if an optional filter fails; h5py makes all filters optional."""
    folder, path = tmp_path / "models", tmp_path / "x.h5"
    folder.mkdir()
    model = folder / "jets.vxm"
    model.write_bytes(small_model.tobytes())
    program = (
        "import sys, os, h5py, numpy\n"
        "from vortex_codec import hdf5\n"
        "with h5py.File(sys.argv[1], 'a') as file:\n"
        "    file['x'][...] = numpy.load(sys.argv[2])\n"
    )
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (1000,), jets.dtype, chunks=(500,), **hdf5.filter(model=model))
    np.save(tmp_path / "jets.npy", jets[:1000])
    clean = {k: v for k, v in os.environ.items() if k != "VORTEX_MODEL_PATH"}
    words = [sys.executable, "-c", program, path, tmp_path / "jets.npy"]
    subprocess.run(words, env=clean, check=True, capture_output=True)
    with h5py.File(path) as file:
        assert file["x"].id.get_chunk_info(0).filter_mask == 1
        assert (file["x"][...] == jets[:1000]).all() and (hdf5.read(file["x"]) == jets[:1000]).all()


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
