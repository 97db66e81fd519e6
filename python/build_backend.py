"""Builds the package: the shared library of the HDF5 filter, and then all else with maturin.

pip calls this (PEP 517; `pyproject.toml` names it). `python python/build_backend.py` makes only the
shared library, for example before `maturin develop`.
"""

import json
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLUGINS = HERE / "vortex_codec" / "plugins"
LIBRARY = "h5vortex"


def build_plugin():
    """Builds the library with cargo and copies it into the package."""
    command = ["cargo", "build", "--release", "--package", "vortex-h5", "--lib"]
    command += ["--message-format", "json-render-diagnostics"]
    built = subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, check=True, text=True)
    messages = map(json.loads, built.stdout.splitlines())
    files = [
        Path(file)
        for message in messages
        if message["reason"] == "compiler-artifact" and message["target"]["name"] == LIBRARY
        for file in message["filenames"]
        if Path(file).suffix in (".so", ".dylib", ".dll")
    ]
    if len(files) != 1:
        raise RuntimeError(f"cargo built {files}; one shared library of {LIBRARY} is expected")
    # In a new folder: a running program may have the old file open.
    shutil.rmtree(PLUGINS, ignore_errors=True)
    PLUGINS.mkdir()
    shutil.copyfile(files[0], PLUGINS / files[0].name)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    import maturin

    build_plugin()
    return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    import maturin

    build_plugin()
    return maturin.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory, config_settings=None):
    import maturin

    return maturin.build_sdist(sdist_directory, config_settings)


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    import maturin

    return maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings)


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


if __name__ == "__main__":
    build_plugin()
