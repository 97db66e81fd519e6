"""Where a result comes from: machine, commit, date."""

import datetime
import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What decides about sizes and speeds. Pages, tests and results do not.
SOURCES = ("Cargo.toml", "Cargo.lock", "configs", ":(glob)crates/*/src/**", ":(glob)crates/*/Cargo.toml")


def git(*arguments):
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit():
    """The last commit that changed the code; with `+` if files of the code differ from it, or if there is no git."""
    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", *SOURCES)
        return git("log", "-1", "--format=%h", "--abbrev=10", "--", *SOURCES) + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown+"


def cpu():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def origin(command, version, note=""):
    """The columns that say how a row was made."""
    return {
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "version": version,
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
        "command": command,
        "source": "measured",
        "note": note,
    }
