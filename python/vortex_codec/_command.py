"""The command ``vortex`` of the wheel."""

import sys

from . import _core


def main() -> int:
    """Runs the command line of this process; returns the exit status."""
    return _core.run_command(["vortex", *sys.argv[1:]])
