"""Data that several tests share."""

import subprocess
import sys

import numpy as np
import pytest

import vortex_codec

JETS = np.dtype([("pt", "<f4"), ("eta", "<f4"), ("event", "<u4"), ("n", "<i2")])


def jets_of(n: int, seed: int = 1) -> np.ndarray:
    """Records with structure: a steep spectrum, a slow counter, small numbers."""
    random = np.random.default_rng(seed)
    jets = np.empty(n, JETS)
    jets["pt"] = (20 / (1 - random.random(n) * 0.99)).astype("<f4")
    jets["eta"] = random.normal(0, 1.5, n).round(3).astype("<f4")
    jets["event"] = 1000 + np.cumsum(random.integers(0, 2, n))
    jets["n"] = random.integers(0, 6, n)
    return jets


def vortex(*arguments, status=0, folder=None):
    """Runs the command of this Python and returns what it printed to standard error."""
    command = [sys.executable, "-m", "vortex_codec", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder)
    assert done.returncode == status, done.stderr
    return done.stderr


@pytest.fixture(scope="session")
def jets():
    """20,000 jets."""
    return jets_of(20_000)


@pytest.fixture
def jets_file(tmp_path, jets):
    """The path of a compressed file of the jets, in blocks of 4 KiB."""
    path = tmp_path / "jets.vxc"
    path.write_bytes(vortex_codec.compress(jets, level=2, block_bytes=4096))
    return path


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """The folder of a short training on other jets."""
    out = tmp_path_factory.mktemp("runs") / "jets"
    vortex_codec.train(jets_of(4000, seed=2), out, config=SMALL)
    return out


@pytest.fixture(scope="session")
def small_model(run_folder):
    """The model of that training."""
    return vortex_codec.Model.load(run_folder / "model.vxm")


#: A network that trains in seconds.
SMALL = {
    "model": {
        "d_model": 16,
        "n_layers": 1,
        "n_heads": 2,
        "d_ff": 32,
        "window": 8,
        "head": {"d_model": 16, "d_ff": 32},
    },
    "batch": {"sequences": 4, "tokens": 64},
    "budget": {"max_seconds": None, "max_steps": 30},
}
