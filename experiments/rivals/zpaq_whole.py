"""zpaq, the program: the whole file as its journal, method 5 (its strongest mixing of contexts)."""

import pathlib
import shutil
import subprocess
import tempfile

import numpy as np

from interface import Rival
from tables import joined

PROGRAM = shutil.which("zpaq")
if PROGRAM is None:
    raise ImportError("there is no program zpaq: install Debian's package zpaq")


def run(*words, folder):
    subprocess.run([PROGRAM, *words, "-threads", "1"], cwd=folder, check=True, capture_output=True)


def compress(table):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "data").write_bytes(joined(table, [column.values for column in table.columns]))
        run("add", "packed.zpaq", "data", "-method", "5", "-noattributes", folder=folder)
        return (pathlib.Path(folder) / "packed.zpaq").read_bytes()


def decompress(packed, table):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "packed.zpaq").write_bytes(packed)
        run("extract", "packed.zpaq", folder=folder)
        return np.fromfile(pathlib.Path(folder) / "data", np.uint8)


# It codes some 0.2 MB/s in each direction.
RIVALS = [Rival("zpaq -m5", compress, decompress, most_bytes=5_300_000)]
