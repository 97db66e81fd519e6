"""Compressed files as sequences of records, and how little of them is read."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vortex_codec


class Counted(io.BytesIO):
    """A file in memory that counts the bytes that are read from it."""

    count = 0

    def read(self, n=-1):
        data = super().read(n)
        self.count += len(data)
        return data


def test_a_sequence_of_records(jets, jets_file):
    file = vortex_codec.open(jets_file)
    assert len(file) == len(jets) and file.dtype == jets.dtype and file.shape == jets.shape
    assert file.fields == ("pt", "eta", "event", "n")
    assert file[5] == jets[5] and file[-1] == jets[-1] and file[np.int64(7)] == jets[7]
    assert (file[1000:2000] == jets[1000:2000]).all()
    assert (file["pt"] == jets["pt"]).all() and file["pt"].dtype == "<f4"
    assert (file["event", 100:300] == jets["event"][100:300]).all()
    assert file["n", 3] == jets["n"][3]
    assert (file["n", ::-3] == jets["n"][::-3]).all()
    assert (file[["eta", "n"]] == jets[["eta", "n"]]).all()
    assert (np.asarray(file) == jets).all() and (file[...] == jets).all()
    with pytest.raises(IndexError, match="20000"):
        file[len(jets)]
    with pytest.raises(KeyError, match="pt, eta, event, n"):
        file["px"]
    with pytest.raises(TypeError, match="float"):
        file[1.5]


SLICES = st.builds(
    slice,
    st.none() | st.integers(-150, 150),
    st.none() | st.integers(-150, 150),
    st.none() | st.integers(-150, 150).filter(bool),
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_slices_are_those_of_numpy(data):
    shape = data.draw(st.sampled_from([(100,), (100, 3), (7, 2, 5), (0,), (0, 4), (3, 0)]))
    key = (shape, "file")
    if key not in test_slices_are_those_of_numpy.made:
        array = np.arange(np.prod(shape), dtype=">i4").reshape(shape)
        file = vortex_codec.compress(array, block_bytes=1024, level=2)
        opened = vortex_codec.open(io.BytesIO(file))
        test_slices_are_those_of_numpy.made[key] = array, opened
    array, file = test_slices_are_those_of_numpy.made[key]
    cut = data.draw(SLICES)
    found = file[cut]
    assert found.shape == array[cut].shape and found.dtype == array.dtype
    assert found.tobytes() == array[cut].tobytes()
    if len(array):
        row = data.draw(st.integers(-len(array), len(array) - 1))
        assert np.array_equal(file[row], array[row])
        if array.ndim > 1 and array.shape[1]:
            assert np.array_equal(file[cut, 0], array[cut, 0])
            assert file[row, -1].tobytes() == array[row, -1].tobytes()


test_slices_are_those_of_numpy.made = {}


def test_shapes_other_than_one_dimension():
    scalar = vortex_codec.open(io.BytesIO(vortex_codec.compress(np.array(2.5))))
    assert scalar.shape == () and scalar[()] == 2.5
    with pytest.raises(TypeError, match="single value"):
        len(scalar)
    nested = np.zeros(5, [("a", [("b", "<f4")]), ("a.b", "<f4"), ("c", "<f8", (2, 3))])
    nested["a.b"], nested["a"]["b"], nested["c"] = 1, 2, np.arange(6).reshape(2, 3)
    file = vortex_codec.open(io.BytesIO(vortex_codec.compress(nested)))
    assert file.dtype == nested.dtype
    for name in nested.dtype.names:
        assert (file[name] == nested[name]).all(), name
    assert (file["c", 1:3, 1] == nested["c"][1:3, 1]).all()


def test_iteration(jets, jets_file):
    file = vortex_codec.open(jets_file)
    blocks = list(file.blocks())
    assert len(blocks) == -(-jets.nbytes // (4096 // 14 * 14))
    assert all(len(block) == file.block_rows for block in blocks[:-1])
    assert (np.concatenate(blocks) == jets).all()
    assert [len(block) for block in file.blocks(15_000)] == [15_000, 5_000]
    records = list(file)
    assert len(records) == len(jets) and records[12_345] == jets[12_345]


def test_only_the_needed_blocks_are_read(jets):
    jets = np.tile(jets, 20)
    packed = vortex_codec.compress(jets, level=1, block_bytes=64 << 10)
    source = Counted(packed)
    file = vortex_codec.open(source)
    # The ends of the file: header, index, footer.
    assert source.count < 250_000 < len(packed) / 4
    source.count = 0
    assert (file[200_000:201_000] == jets[200_000:201_000]).all()
    assert source.count < 250_000
    # Single records of the block that was decoded last cost nothing.
    assert file[200_500] == jets[200_500]
    source.count = 0
    assert file[200_501] == jets[200_501]
    assert source.count == 0


def test_fsspec_urls(jets):
    import fsspec

    packed = vortex_codec.compress(jets, level=1, block_bytes=16 << 10)
    with fsspec.open("memory://folder/jets.vxc", "wb") as out:
        out.write(packed)
    file = vortex_codec.open("memory://folder/jets.vxc")
    assert (file[9_000:9_100] == jets[9_000:9_100]).all()
    assert "memory://folder/jets.vxc" in repr(file)
    with pytest.raises(FileNotFoundError):
        vortex_codec.open("memory://folder/none.vxc")


def test_exceptions_of_file_objects_come_through():
    class Failing(io.BytesIO):
        def read(self, n=-1):
            raise TimeoutError("the server is away")

    with pytest.raises(TimeoutError, match="the server is away"):
        vortex_codec.open(Failing(b"any"))

    class Generous(io.BytesIO):
        def read(self, n=-1):
            return b"x" * (n + 1)

    with pytest.raises(OSError, match="more bytes"):
        vortex_codec.open(Generous(b"any"))


def test_an_archive_of_datasets(tmp_path, jets):
    source, packed = tmp_path / "event.npz", tmp_path / "event.vxc"
    jets = jets[:4000]
    np.savez(source, jets=jets, counts=np.arange(500, dtype="<i8"))
    vortex_codec.compress_file(source, packed, datasets=True)
    archive = vortex_codec.Archive(packed)
    assert archive.names == ["jets", "counts"] == list(archive) and "jets" in archive
    assert archive["jets"].dtype == jets.dtype
    assert (archive["jets"][700:900] == jets[700:900]).all()
    assert (archive["jets"]["pt", 5:10] == jets["pt"][5:10]).all()
    assert (np.concatenate(list(archive["jets"].blocks())) == jets).all()
    assert (archive["counts"][:] == np.arange(500)).all()
    with pytest.raises(KeyError, match="jets, counts"):
        archive["none"]
    with pytest.raises(vortex_codec.VortexError, match="jets, counts"):
        vortex_codec.open(packed)


def test_files_in_a_row_are_one_table(tmp_path, jets):
    path = tmp_path / "both.vxc"
    path.write_bytes(vortex_codec.compress(jets[:300]) + vortex_codec.compress(jets[300:1000]))
    file = vortex_codec.open(path)
    assert (file[250:350] == jets[250:350]).all() and len(file) == 1000
    rows = np.arange(600, dtype="<f8").reshape(-1, 4)
    path.write_bytes(vortex_codec.compress(rows[:10]) + vortex_codec.compress(rows[10:]))
    assert np.array_equal(vortex_codec.open(path)[5:20], rows[5:20])
