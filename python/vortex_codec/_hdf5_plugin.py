"""The shared library of the HDF5 filter, and how HDF5 finds it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from . import _core

#: The number of the filter in HDF5 files.
FILTER_ID: int = _core.hdf5_filter_id()
#: The folder of the shared library.
PLUGIN_PATH: str = str(Path(__file__).with_name("plugins"))

_VARIABLE = "HDF5_PLUGIN_PATH"
#: Where HDF5 looks if the variable is not set.
_DEFAULT = r"%ALLUSERSPROFILE%\hdf5\lib\plugin" if os.name == "nt" else "/usr/local/hdf5/lib/plugin"


def library_name() -> str:
    """The file name of the shared library on this platform."""
    if os.name == "nt":
        return "h5vortex.dll"
    return "libh5vortex.dylib" if sys.platform == "darwin" else "libh5vortex.so"


def announce() -> None:
    """Tells the HDF5 of h5py where the library is. Without h5py, the environment variable tells
    the HDF5 of other packages that are imported later.

    Raises:
        ImportError: the library is missing, or does not load.
    """
    library = Path(PLUGIN_PATH, library_name())
    if not library.is_file():
        raise ImportError(
            f"the HDF5 filter {library} is missing; `pip install` of the folder python builds it, "
            "and so does `python python/build_backend.py`"
        )
    try:
        import h5py
    except ImportError:
        before = os.environ.get(_VARIABLE) or os.path.expandvars(_DEFAULT)
        if PLUGIN_PATH not in before.split(os.pathsep):
            os.environ[_VARIABLE] = os.pathsep.join([PLUGIN_PATH, before])
        return
    h5py.h5pl.prepend(PLUGIN_PATH.encode())
    if not h5py.h5z.filter_avail(FILTER_ID):
        raise ImportError(
            f"HDF5 {h5py.version.hdf5_version} of h5py does not load the filter {library}; is "
            "HDF5_PLUGIN_PRELOAD set to '::', which forbids plugins?"
        )
