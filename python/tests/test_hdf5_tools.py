"""The HDF5 filter in the tools of HDF5 itself, which have another copy of the library."""

import os
import shutil
import subprocess

import h5py
import numpy as np
import pytest

from vortex_codec import hdf5

TOOLS = ["h5repack", "h5dump", "h5diff"]
pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in TOOLS), reason="hdf5-tools are not installed"
)


def run(*words, plugin=True):
    environment = {k: v for k, v in os.environ.items() if k != "HDF5_PLUGIN_PATH"}
    if plugin:
        environment["HDF5_PLUGIN_PATH"] = hdf5.PLUGIN_PATH
    return subprocess.run(words, env=environment, capture_output=True, text=True)


@pytest.fixture
def plain(jets, tmp_path):
    path = tmp_path / "plain.h5"
    with h5py.File(path, "w", libver=("earliest", "v110")) as file:
        file.create_dataset("jets", data=jets, chunks=(3000,))
        file.create_dataset("g/grid", data=np.arange(6000, dtype=">f8").reshape(1000, 6), chunks=(300, 6))
    return path


def test_repack_with_the_level_alone(plain, jets, tmp_path):
    packed, back = tmp_path / "packed.h5", tmp_path / "back.h5"
    done = run("h5repack", "-f", f"UD={hdf5.FILTER_ID},0,1,2", plain, packed)
    assert done.returncode == 0, done.stderr
    assert packed.stat().st_size < plain.stat().st_size / 2
    assert run("h5diff", plain, packed).returncode == 0
    with h5py.File(packed) as file:
        # The tool's own HDF5 told the filter the type and the chunks.
        assert file["jets"].id.get_create_plist().get_filter(0)[2][:4] == (2, 1, 4, 3000 * 14)
        assert (file["jets"][...] == jets).all()
        assert (hdf5.read(file["g/grid"]) == np.arange(6000.0).reshape(1000, 6)).all()
    done = run("h5repack", "-f", "NONE", packed, back)
    assert done.returncode == 0, done.stderr
    with h5py.File(back) as file:
        assert (file["jets"][...] == jets).all() and not file["jets"]._filters


def test_other_chunks_than_the_values_were_made_for(plain, jets, tmp_path):
    packed, again = tmp_path / "packed.h5", tmp_path / "again.h5"
    assert run("h5repack", "-f", f"UD={hdf5.FILTER_ID},0,1,2", plain, packed).returncode == 0
    done = run("h5repack", "-l", "jets:CHUNK=700", packed, again)
    assert done.returncode == 0, done.stderr
    with h5py.File(again) as file:
        assert file["jets"].chunks == (700,) and (file["jets"][...] == jets).all()


def test_dump_shows_values_and_reasons(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", libver=("earliest", "v110")) as file:
        file.create_dataset("x", data=np.arange(1000, 3000), chunks=(1000,), **hdf5.filter(5))
        chunk = file["x"].id.get_chunk_info(1)
    done = run("h5dump", "-d", "x", "-s", "1500", "-c", "3", path)
    assert done.returncode == 0 and "2500, 2501, 2502" in done.stdout
    header = run("h5dump", "-p", "-H", path, plugin=False).stdout
    assert f"FILTER_ID {hdf5.FILTER_ID}" in header and "Vortex" in header
    with open(path, "r+b") as file:
        file.seek(chunk.byte_offset + 70)
        file.write(b"damage")
    done = run("h5dump", "--enable-error-stack", "-d", "x", path)
    assert done.returncode != 0 and "Vortex: the chunk cannot be decoded" in done.stderr
