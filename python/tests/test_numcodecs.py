"""The codec of numcodecs: exact bytes back, or an error that says why."""

import json
import pickle

import numcodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numcodecs.registry import codec_registry, get_codec

import vortex_codec
from vortex_codec import errors
from vortex_codec.numcodecs import Vortex

NUMBERS = ["?", "i1", "u1", "<i2", ">u2", "<i4", ">i4", "<u8", "<f2", ">f2", "<f4", ">f4", "<f8", "<c8"]
OTHERS = ["S5", "U3", "V6", "<M8[ns]", ">m8[s]"]


@st.composite
def chunks(draw):
    """Arrays of arbitrary bytes, which have all NaN payloads; of any shape, also empty, and order."""
    kinds = st.sampled_from(NUMBERS + OTHERS)
    kind = np.dtype(draw(kinds))
    if draw(st.booleans()):
        names = [f"f{index}" for index in range(draw(st.integers(1, 4)))]
        kind = np.dtype([(name, draw(kinds)) for name in names], align=draw(st.booleans()))
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9))
    seed = draw(st.binary(min_size=1, max_size=64))
    size = int(np.prod(shape)) * kind.itemsize
    # One item of another dtype would be viewed through its bytes, and numpy has no such empty arrays.
    array = np.ndarray(shape, kind, np.resize(np.frombuffer(seed, np.uint8), max(1, size)).copy())
    return np.asfortranarray(array) if draw(st.booleans()) else array


@settings(max_examples=80, deadline=None)
@given(chunks(), st.integers(1, 3))
def test_any_chunk_comes_back(array, level):
    codec = Vortex(level)
    packed = codec.encode(array)
    back = codec.decode(packed)
    assert bytes(back) == array.tobytes(order="A")
    if array.size:
        out = np.empty_like(array)
        codec.decode(packed, out=out)
        assert out.tobytes(order="A") == array.tobytes(order="A")


def test_found_by_name_and_configured_in_json(jets):
    codec_registry.pop("vortex_codec", None)
    assert type(get_codec({"id": "vortex_codec"})) is Vortex
    codec = Vortex(3, verify=False, data=jets)
    config = json.loads(json.dumps(codec.get_config()))
    assert config["level"] == 3 and config["verify"] is False and config["schema"]["searched"]
    for again in (get_codec(config), pickle.loads(pickle.dumps(codec)), eval(repr(codec))):
        assert again == codec
        assert again.encode(jets[:1000]) == codec.encode(jets[:1000])
    assert Vortex().get_config() == {"id": "vortex_codec", "level": 5}
    assert Vortex(4) != Vortex(5)


def test_the_dtype_of_the_buffer_is_the_schema(jets):
    known = Vortex(2).encode(jets)
    assert vortex_codec.decompress(known) == jets.tobytes()
    fields = vortex_codec.inspect(known)["fields"]
    assert len(fields) == len(jets.dtype.names)
    # Of bytes, the records are detected, or stated.
    for codec in (Vortex(2), Vortex(2, schema=jets.dtype)):
        packed = codec.encode(jets.tobytes())
        assert bytes(codec.decode(packed)) == jets.tobytes()
        assert len(packed) < 0.7 * jets.nbytes
    for buffer in (bytearray(b"abc" * 50), memoryview(jets), jets[:0], jets[:0].tobytes()):
        assert bytes(Vortex().decode(Vortex().encode(buffer))) == bytes(buffer)


def test_a_search_once_makes_small_chunks_smaller(jets):
    blind, found = Vortex(5), Vortex(5, data=jets)
    sizes = [
        sum(len(codec.encode(jets[at : at + 250])) for at in range(0, 4000, 250)) for codec in (blind, found)
    ]
    assert sizes[1] < sizes[0]
    grid = np.round(np.random.default_rng(3).normal(0, 10, (300, 4)), 2).astype("<f4")
    codec = Vortex(2, data=grid, chunks=(100, 4))
    assert bytes(codec.decode(codec.encode(grid[:100]))) == grid[:100].tobytes()


def test_a_model_is_named_by_its_digest(jets, small_model, monkeypatch):
    monkeypatch.setenv("VORTEX_MODEL_PATH", "")
    codec = Vortex(model=small_model)
    assert codec.get_config()["model"] == small_model.digest
    packed = get_codec(codec.get_config()).encode(jets[:500])
    assert bytes(Vortex().decode(packed)) == jets[:500].tobytes()
    assert vortex_codec.inspect(packed, model=small_model)["members"][0]["model"] == small_model.digest
    with pytest.raises(errors.InvalidArgumentError, match="in memory"):
        Vortex(model=vortex_codec.Model.load(small_model.tobytes()))
    with pytest.raises(errors.MissingModelError, match="0123"):
        Vortex(model="0123" * 16).encode(jets[:500])


def test_wrong_arguments():
    for options in (
        {"level": 0},
        {"level": "x"},
        {"schema": {"bytes": "?"}},
        {"schema": {"bytes": "", "other": 1}},
        {"schema": {"packed": True}},
        {"data": np.zeros((3, 3)), "chunks": (2,)},
    ):
        with pytest.raises(errors.InvalidArgumentError):
            Vortex(**options)
    # The schema of a configuration is read with the first chunk.
    for text in ("", "AAAA", "////////////"):
        with pytest.raises(errors.VortexError, match="schema"):
            Vortex(schema={"bytes": text}).encode(np.zeros(100))
    with pytest.raises(errors.InvalidArgumentError, match="objects"):
        Vortex().encode(np.array(["a", None], object))


def test_damage_is_an_error(jets):
    codec = Vortex(2)
    random = np.random.default_rng(5)
    for array in (jets[:300], np.frombuffer(random.bytes(200), "<f4")):
        packed = codec.encode(array)
        for cut in {0, 1, 7, 8, 11, 12, len(packed) // 2, len(packed) - 1}:
            with pytest.raises(errors.VortexError):
                codec.decode(packed[:cut])
        for bit in random.integers(0, 8 * len(packed), 100):
            damaged = bytearray(packed)
            damaged[bit // 8] ^= 1 << bit % 8
            with pytest.raises(errors.VortexError):
                codec.decode(bytes(damaged))
        with pytest.raises(errors.DamagedError, match="decodes to"):
            codec.decode(packed, out=np.empty(array.nbytes + 4, np.uint8))
        with pytest.raises(errors.DamagedError):
            codec.decode(packed, out=np.empty(0, np.uint8))


def test_an_array_of_zarr_version_2(tmp_path, jets):
    zarr = pytest.importorskip("zarr")
    for order in "CF":
        grid = np.arange(700, dtype=">f4").reshape(35, 20)
        array = zarr.create_array(
            tmp_path / order, data=grid, chunks=(8, 7), zarr_format=2, order=order, compressors=Vortex(2)
        )
        array[3:5, :] = 7
        grid[3:5, :] = 7
        again = zarr.open_array(tmp_path / order)
        assert again.dtype == ">f4" and (again[...] == grid).all()
        assert isinstance(again.compressors[0], Vortex)
    table = zarr.create_array(
        tmp_path / "jets", data=jets, chunks=(3000,), zarr_format=2, compressors=Vortex(2, data=jets)
    )
    assert table.nbytes_stored() < 0.6 * jets.nbytes
    assert (zarr.open_array(tmp_path / "jets")[...] == jets).all()


def test_after_a_filter_of_numcodecs():
    codec, fixed = Vortex(1), numcodecs.FixedScaleOffset(offset=0, scale=10, dtype="<f8", astype="<i4")
    values = np.linspace(0, 100, 500)
    assert (codec.decode(codec.encode(fixed.encode(values))).view("<i4") == fixed.encode(values)).all()
