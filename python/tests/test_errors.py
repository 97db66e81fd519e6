"""Exceptions: their classes, their messages, and that hostile input only ever raises them."""

import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vortex_codec
from vortex_codec import _core, _options, errors


def test_one_hierarchy_with_the_exceptions_of_python():
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    assert len(classes) > 15
    assert all(issubclass(found, vortex_codec.VortexError) for found in classes)
    assert issubclass(errors.MissingFileError, FileNotFoundError)
    assert issubclass(errors.SchemaError, ValueError) and issubclass(errors.NotFoundError, KeyError)
    unknown = errors.of_kind("Newer", "a kind of a later version")
    assert type(unknown) is vortex_codec.VortexError and unknown.kind == "Newer"
    for found in classes:
        error = pickle.loads(pickle.dumps(found("what is wrong", "AKind")))
        assert (type(error), str(error), error.kind) == (found, "what is wrong", "AKind")


def raised(kind, call, *words):
    with pytest.raises(kind) as caught:
        call()
    for word in words:
        assert word in str(caught.value), str(caught.value)
    return caught.value


def test_what_is_not_a_file():
    error = raised(errors.NotVortexError, lambda: vortex_codec.decompress(b"not one"))
    assert error.kind == "NotVxc"
    raised(errors.NotVortexError, lambda: vortex_codec.decompress_weights(b"not one at all"))
    raised(errors.NotVortexError, lambda: vortex_codec.compress_weights(b"no safetensors"))
    raised(errors.ModelError, lambda: vortex_codec.Model.load(b"no model"))
    raised(FileNotFoundError, lambda: vortex_codec.open("/no/such/file"), "/no/such/file")
    raised(FileNotFoundError, lambda: vortex_codec.Model.load("/no/such/file"))
    raised(FileNotFoundError, lambda: vortex_codec.compress(b"1", schema="/none.yaml"))


def test_arguments():
    compress, wrong = vortex_codec.compress, errors.InvalidArgumentError
    raised(wrong, lambda: compress(b"", level=0), "level 0", "1 to 9")
    raised(wrong, lambda: compress(b"", level=1 << 70), "1 to 9")
    raised(wrong, lambda: compress(b"", level=5.0), "5.0")
    raised(wrong, lambda: compress(b"", threads=-1), "threads -1")
    raised(wrong, lambda: compress(b"", block_bytes=10), "block_bytes 10")
    raised(wrong, lambda: compress("text"), "str")
    raised(wrong, lambda: compress(b"", schema="no dtype"), "no dtype")
    raised(wrong, lambda: compress(np.array([None, 1])), "object")
    raised(wrong, lambda: compress(np.ma.masked_equal([1, 2], 2)), "mask")
    raised(wrong, lambda: vortex_codec.open(12), "int")
    raised(wrong, lambda: vortex_codec.evaluate(b"1", baselines="every"), "few")
    raised(wrong, lambda: vortex_codec.train([], "out"), "0 arrays")


def test_dtypes_that_cannot_come_back():
    form = {"names": ["a", "b"], "formats": ["<f4", "<f4"]}
    overlapping = np.dtype({**form, "offsets": [0, 2]})
    raised(errors.InvalidArgumentError, lambda: vortex_codec.compress(np.zeros(3, overlapping)))
    backwards = np.dtype({**form, "offsets": [4, 0]})
    raised(errors.InvalidArgumentError, lambda: vortex_codec.compress(np.zeros(3, backwards)))
    long = np.dtype([(f"{'x' * 90}{i}", "<f4", (2,)) for i in range(60)])
    raised(errors.LimitError, lambda: vortex_codec.compress(np.zeros(3, long)), "4096")
    # Without small arrays in it, the schema says it all.
    wide = np.dtype([(f"{'x' * 90}{i}", "<f4") for i in range(60)])
    assert vortex_codec.decompress_array(vortex_codec.compress(np.zeros(3, wide))).dtype == wide


def test_a_missing_model_is_named(small_model, jets):
    file = vortex_codec.compress(jets[:100], model=small_model)
    error = raised(errors.MissingModelError, lambda: vortex_codec.decompress(file))
    assert small_model.digest[:16] in str(error)
    assert vortex_codec.decompress(file, model=small_model) == jets[:100].tobytes()


def test_arrays_that_do_not_fit_their_label():
    file = vortex_codec.compress(np.zeros((3, 5, 2), "<f4"))
    twice = vortex_codec.decompress_array(file + file)
    assert twice.shape == (6, 5, 2)
    scalar = vortex_codec.compress(np.float32(1.5))
    raised(errors.DamagedError, lambda: vortex_codec.decompress_array(scalar + scalar), "shape")
    other = file + vortex_codec.compress(np.zeros(2, "<f4"))
    raised(errors.InvalidArgumentError, lambda: vortex_codec.decompress_array(other), "2 arrays")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{'descr': '<f4'}",
        "{'descr': '<f4', 'shape': (-1, -5)}",
        "{'descr': '<f4', 'shape': (-1, 99999999999999999999999999)}",
        "{'descr': '<f4', 'shape': (4000000000000,)}",
        "{'descr': '<f4', 'shape': 7}",
        "{'descr': '<f9', 'shape': (-1,)}",
        "{'descr': '|O', 'shape': (-1,)}",
        "{'descr': '|S3', 'shape': (-1,)}",
        "{'descr': '|S99999999999999999999', 'shape': (-1,)}",
        "{'descr': [('a', '<f4', (70000, 70000, 70000))], 'shape': (-1,)}",
        "{'descr': '<f8', 'shape': (-1, 0)}",
        "(" * 2000,
        "__import__('os').abort()",
        "\0",
    ],
)
def test_hostile_labels_raise(text):
    flat = np.arange(16, dtype="u1")
    options = _options.coding(np.dtype("<f8"))
    file = _core.compress(flat, options, f"vortex:array:{text}")
    for read in (
        vortex_codec.decompress_array,
        lambda file: vortex_codec.open(io.BytesIO(file))[:],
    ):
        with pytest.raises(errors.DamagedError):
            read(file)
    assert vortex_codec.decompress(file) == flat.tobytes()


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 255))
def test_damage_raises_or_changes_nothing(place, value):
    table = np.arange(300, dtype="<f4").reshape(-1, 3)
    file = bytearray(vortex_codec.compress(table, level=1 + place % 5))
    file[place % len(file)] = value
    try:
        back = vortex_codec.decompress_array(bytes(file))
    except vortex_codec.VortexError:
        return
    assert back.tobytes() == table.tobytes()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_cut_files_raise(cut):
    file = vortex_codec.compress(np.arange(300, dtype="<f4"), level=1 + cut % 5)
    with pytest.raises(vortex_codec.VortexError):
        vortex_codec.decompress(file[: cut % len(file)])
