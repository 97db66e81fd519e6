"""Every array and every buffer comes back: dtype, shape and every bit."""

import array
import mmap

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import vortex_codec

NUMBERS = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", "c8", "c16"]
SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=7)


def numbers():
    plain = st.tuples(st.sampled_from("<>"), st.sampled_from(NUMBERS)).map("".join)
    other = st.sampled_from(["<M8[ns]", ">m8[s]", "S3", "<U2", "V5"])
    return st.one_of(plain, plain, other).map(np.dtype)


@st.composite
def structures(draw, members=None):
    """A structured dtype: padding, members that are structures, and small arrays."""
    members = draw(st.lists(numbers() if members is None else members, min_size=1, max_size=4))
    shapes = st.sampled_from([(), (), (2,), (2, 2)])
    fields = [(f"f{i}", member, draw(shapes)) for i, member in enumerate(members)]
    dtype = np.dtype(fields, align=draw(st.booleans()))
    if draw(st.booleans()):
        names = list(dtype.names)
        formats = [dtype.fields[name][0] for name in names]
        offsets = [dtype.fields[name][1] + 3 for name in names]
        form = {"names": names, "formats": formats, "offsets": offsets}
        dtype = np.dtype({**form, "itemsize": dtype.itemsize + 5})
    return dtype


def any_bits(dtype, shape, seed):
    """An array of random bytes, which hold every kind of NaN and -0."""
    n = dtype.itemsize * int(np.prod(shape, dtype=int))
    if n == 0:
        return np.empty(shape, dtype)
    raw = np.random.default_rng(seed).integers(0, 256, n, np.uint8)
    if seed % 3:
        raw &= 0x83
    return raw.view(dtype).reshape(shape)


def check(original, **options):
    file = vortex_codec.compress(original, **options)
    back = vortex_codec.decompress_array(file)
    assert back.dtype == original.dtype and back.shape == original.shape
    assert back.dtype.itemsize == original.dtype.itemsize
    assert back.tobytes() == original.tobytes()
    assert vortex_codec.decompress(file) == original.tobytes()


DTYPES = st.one_of(numbers(), structures(), structures(members=structures()))


@settings(max_examples=120, deadline=None)
@given(DTYPES, SHAPES, st.integers(0, 2**20), st.sampled_from([1, 2, 5]))
def test_any_array(dtype, shape, seed, level):
    check(any_bits(dtype, shape, seed), level=level)


@settings(max_examples=40, deadline=None)
@given(numbers(), st.integers(0, 2**20), st.data())
def test_arrays_that_are_not_contiguous(dtype, seed, data):
    whole = any_bits(dtype, (6, 8, 3), seed)
    cuts = st.sampled_from([np.s_[::2], np.s_[:, ::-1], np.s_[1:, 2:5, 1], np.s_[..., 0]])
    part = whole[data.draw(cuts)]
    check(data.draw(st.sampled_from([part, part.T, np.asfortranarray(part)])))


def test_larger_arrays_of_every_layout(jets):
    for level in (1, 2, 3):
        check(jets, level=level)
    check(jets[:3000], level=5)
    table = np.arange(30_000, dtype=">f4").reshape(-1, 3) ** 2
    check(table)
    assert len(vortex_codec.compress(table)) < table.nbytes / 3
    check(np.zeros((2, 70_000), "u1"))
    check(np.zeros(3, "V70000"))


def test_nan_payloads_and_signs_of_zero():
    bits = np.array([0x7FC00001, 0xFFFFFFFF, 0x7F800001, 0x80000000, 0], "<u4")
    check(bits.view("<f4"))
    check(bits.byteswap().view(">f4"))


def test_bfloat16():
    check(np.arange(100).astype(ml_dtypes.bfloat16))
    check(np.zeros((4, 5), ml_dtypes.bfloat16))


@pytest.mark.parametrize("n", [0, 1, 3, 4, 5, 4096])
def test_buffers(n):
    data = bytes(range(256)) * 16
    for buffer in (data[:n], bytearray(data[:n]), memoryview(data)[:n], array.array("B", data[:n])):
        file = vortex_codec.compress(buffer)
        assert vortex_codec.decompress(file) == data[:n]
        # The file of bytes is read from any buffer, too.
        assert vortex_codec.decompress(memoryview(bytearray(file))) == data[:n]


def test_other_buffers():
    floats = array.array("f", [1.5, -2.5] * 100)
    assert vortex_codec.decompress(vortex_codec.compress(floats)) == floats.tobytes()
    data = bytes(range(200))
    every_second = memoryview(data)[::2]
    assert vortex_codec.decompress(vortex_codec.compress(every_second)) == data[::2]
    with mmap.mmap(-1, 4096) as mapped:
        mapped[:5] = b"bytes"
        assert vortex_codec.decompress(vortex_codec.compress(mapped)) == mapped[:]
    assert vortex_codec.decompress(vortex_codec.compress(np.float32(1.5))) == b"\x00\x00\xc0\x3f"


def test_buffers_with_a_schema(tmp_path, jets):
    jets = jets[:3000]
    raw = jets.tobytes()
    by_dtype = vortex_codec.compress(raw, schema=jets.dtype)
    assert vortex_codec.decompress(by_dtype) == raw
    # The dtype of an array is its schema: the same file.
    assert by_dtype == vortex_codec.compress(jets)
    assert vortex_codec.decompress_array(by_dtype).dtype == jets.dtype
    sidecar = tmp_path / "jets.schema.yaml"
    sidecar.write_text("stride: 14\nfields:\n  - {name: pt, dtype: '<f4'}\n")
    assert vortex_codec.decompress(vortex_codec.compress(raw, schema=sidecar)) == raw
    assert vortex_codec.compress(raw, schema=str(sidecar), level=1) != by_dtype


def test_threads_and_levels_do_not_change_what_comes_back(jets):
    jets = jets[:4000]
    one, two = (vortex_codec.compress(jets, threads=n, block_bytes=8192) for n in (1, 2))
    assert one == two
    assert vortex_codec.decompress(one, threads=2) == jets.tobytes()
    sizes = [len(vortex_codec.compress(jets, level=level)) for level in (1, 5)]
    assert sizes[1] <= sizes[0] < jets.nbytes


def test_files(tmp_path, jets):
    source, packed, back = (tmp_path / name for name in ("jets.bin", "jets.vxc", "back"))
    jets = jets[:4000]
    source.write_bytes(jets.tobytes())
    sizes = vortex_codec.compress_file(source, packed, schema=jets.dtype)
    assert sizes == {"original_bytes": jets.nbytes, "compressed_bytes": packed.stat().st_size}
    assert vortex_codec.decompress_file(packed, back) == sizes
    assert back.read_bytes() == jets.tobytes()
    with pytest.raises(FileExistsError):
        vortex_codec.compress_file(source, packed)
    vortex_codec.compress_file(source, packed, level=1, replace=True)
    assert vortex_codec.decompress(packed.read_bytes()) == jets.tobytes()
