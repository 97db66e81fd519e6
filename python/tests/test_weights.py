"""Weights: safetensors files, and dictionaries of arrays."""

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy

import vortex_codec
from vortex_codec import errors


def weights():
    random = np.random.default_rng(1)
    return {
        "layer.weight": random.normal(0, 0.02, (300, 200)).astype("<f4"),
        "layer.bias": np.zeros(200, "<f8"),
        "half": random.normal(0, 1, (64, 64)).astype("<f2"),
        "brain": random.normal(0, 1, (64, 65)).astype(ml_dtypes.bfloat16),
        "eight": np.arange(32).astype(ml_dtypes.float8_e4m3fn),
        "index": np.arange(1000, dtype=">i4"),
        "mask": np.array([True, False]),
        "scalar": np.float32(2.5),
        "none": np.empty((0, 3), "<f4"),
    }


def same(a, b):
    return a.shape == b.shape and a.dtype == b.dtype.newbyteorder("<") and (a == b).all()


def test_dictionaries_of_arrays():
    arrays = weights()
    file = vortex_codec.compress_weights(arrays)
    back = vortex_codec.decompress_weights_arrays(file)
    assert list(back) and set(back) == set(arrays)
    for name, array in arrays.items():
        assert same(back[name], np.asarray(array)), name
    back["scalar"][...] = 1
    assert len(file) < sum(np.asarray(array).nbytes for array in arrays.values())
    # What is stored is a safetensors file; its own package wants other types for these two.
    del arrays["eight"], arrays["brain"]
    file = vortex_codec.compress_weights(arrays)
    loaded = safetensors.numpy.load(vortex_codec.decompress_weights(file))
    assert (loaded["layer.weight"] == arrays["layer.weight"]).all()
    assert vortex_codec.inspect(file)["kind"] == "weights"


def test_safetensors_files_come_back_byte_for_byte(tmp_path):
    arrays = {"w": weights()["layer.weight"]}
    file = safetensors.numpy.save(arrays, metadata={"step": "1"})
    packed = vortex_codec.compress_weights(file, threads=1)
    assert vortex_codec.decompress_weights(packed) == file
    base = tmp_path / "base.safetensors"
    base.write_bytes(file)
    arrays["w"][:3] += 0.001
    later = safetensors.numpy.save(arrays)
    differences = vortex_codec.compress_weights(later, base=base)
    assert len(differences) < len(packed) / 3
    assert vortex_codec.decompress_weights(differences, base=base) == later
    with pytest.raises(errors.BaseCheckpointError):
        vortex_codec.decompress_weights(differences)


def test_what_safetensors_does_not_have():
    with pytest.raises(errors.InvalidArgumentError, match="'a' has dtype"):
        vortex_codec.compress_weights({"a": np.zeros(3, "<M8[s]")})
    packed = bytearray(vortex_codec.compress_weights({"a": np.arange(1000, dtype="<f4")}))
    packed[len(packed) // 2] ^= 1
    with pytest.raises(errors.DamagedError):
        vortex_codec.decompress_weights(packed)
