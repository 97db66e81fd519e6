"""paq9a, a mixing of contexts of the PAQ family: Debian's package python3-paq, in Debian's Python."""

import subprocess

import numpy as np

from interface import Rival
from tables import joined

PYTHON = "/usr/bin/python3"


def call(work, data):
    program = f"import sys, paq; sys.stdout.buffer.write(paq.{work}(sys.stdin.buffer.read()))"
    return subprocess.run([PYTHON, "-c", program], input=data, capture_output=True, check=True).stdout


try:
    call("compress", b"a")
except (OSError, subprocess.CalledProcessError) as error:
    raise ImportError("there is no module paq: install Debian's package python3-paq") from error


def compress(table):
    return call("compress", joined(table, [column.values for column in table.columns]))


def decompress(packed, table):
    return np.frombuffer(call("decompress", packed), np.uint8)


# It codes some 0.4 MB/s in each direction.
RIVALS = [Rival("paq9a", compress, decompress, most_bytes=5_300_000)]
