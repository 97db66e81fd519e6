"""Lists of files to compress, and reports of what came of them.

The same two files as of ``vortex compress --manifest``: a *manifest* is JSON Lines, an object with
``input`` and perhaps ``output`` for each file; a *report* is a JSON object. docs/many_files.md
describes both. Only this module knows their form in Python.

>>> from vortex_codec import manifest
>>> [job.output for job in manifest.jobs(["/data/a.bin", "/data/b.bin"], out="/packed")]
['/packed/a.bin.vxc', '/packed/b.bin.vxc']
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Union

from ._atomic import write_atomic
from .errors import ExistsError, InvalidArgumentError, LimitError, VortexError

__all__ = ["FileReport", "Job", "Report", "jobs", "read", "shard", "write"]

REPORT_VERSION = 1
MAX_MANIFEST_BYTES = 256 << 20
_MAX_REPORT_BYTES = 4 << 30
ENDING = ".vxc"

Path = Union[str, os.PathLike]


@dataclass(frozen=True)
class Job:
    """A file to work on, with absolute paths, and as the manifest names it."""

    input: str
    output: str
    named_input: str
    named_output: str


@dataclass(frozen=True)
class FileReport:
    """What came of a file; sizes and digests of a file that failed are not known."""

    input: str
    output: str
    state: str
    input_bytes: int | None = None
    output_bytes: int | None = None
    input_blake3: str | None = None
    output_blake3: str | None = None
    seconds: float = 0.0
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As in a report."""
        found = asdict(self)
        if self.error is None:
            del found["error"]
        return found


@dataclass
class Report:
    """What came of the files of one run: ``files`` in the order of the manifest."""

    shard: str | None = None
    files: list[FileReport] = field(default_factory=list)
    #: The level of the run, and the digest of its model; the command does not state them.
    level: int | None = None
    model: str | None = None
    #: Where it is written; not a part of it.
    path: str | None = None

    def count(self, state: str) -> int:
        """The number of files that are ``"done"``, ``"failed"`` or ``"skipped"``."""
        return sum(file.state == state for file in self.files)

    @property
    def failures(self) -> list[FileReport]:
        """The files that failed, each with its ``error``."""
        return [file for file in self.files if file.state == "failed"]

    @classmethod
    def read(cls, path: Path) -> Report:
        """Reads a report.

        Raises:
            InvalidArgumentError: the file is not a report, or of a later version.
        """
        path = os.fspath(path)
        _check_size(path, _MAX_REPORT_BYTES)
        try:
            with open(path, encoding="utf-8") as file:
                found = json.load(file)
            version = found["version"]
            files = [FileReport(**{key: item.get(key) for key in _KEYS}) for item in found["files"]]
            report = cls(found.get("shard"), files, found.get("level"), found.get("model"), path)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise InvalidArgumentError(f"{path}: is not a report of many files: {error}") from error
        if version != REPORT_VERSION:
            raise InvalidArgumentError(
                f"{path}: a report of version {version}; {REPORT_VERSION} is known"
            )
        return report

    def write(self, path: Path) -> None:
        """Writes the report completely or not at all; it replaces the report of an earlier run."""
        counts = {state: self.count(state) for state in ("done", "failed", "skipped")}
        files = [file.to_json() for file in self.files]
        found = {"version": REPORT_VERSION, "shard": self.shard, "files": files, **counts}
        stated = {"level": self.level, "model": self.model}
        found |= {key: value for key, value in stated.items() if value is not None}
        write_atomic(path, [json.dumps(found, indent=2, ensure_ascii=False).encode()], True)


_KEYS = list(FileReport.__dataclass_fields__)


def may_replace(path: str, shard: str | None) -> None:
    """Refuses to write a report over anything but a report of the same shard."""
    if not os.path.lexists(path):
        return
    try:
        old = Report.read(path).shard
    except VortexError as error:
        raise ExistsError(f"{error}; name another file", "OutputExists") from error
    if old != shard:
        raise ExistsError(
            f"{path}: is the report of shard {old}, not of {shard}; name another file",
            "OutputExists",
        )


def read(path: Path) -> list[dict[str, Any]]:
    """The entries of a manifest: dictionaries with ``input``, perhaps ``output``, and other keys.

    Raises:
        InvalidArgumentError: the message says which line is wrong, and how.
        LimitError: the manifest is too large.
    """
    path = os.fspath(path)
    _check_size(path, MAX_MANIFEST_BYTES)
    entries = []
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line.decode("utf-8"))
            except (ValueError, RecursionError) as error:
                raise _wrong(path, number, f'{error}; write {{"input": "FILE"}}') from error
            _check_entry(path, number, entry)
            entries.append(entry)
    return entries


def write(
    path: Path, files: Iterable[Union[Path, Mapping[str, Any]]], *, replace: bool = False
) -> None:
    """Writes a manifest of files, for the command or for other machines.

    Args:
        path: its name; relative paths in it are relative to its folder.
        files: paths, or dictionaries with ``input`` and perhaps ``output``.
        replace: whether an existing file may be replaced.
    """
    lines = []
    for number, file in enumerate(files, 1):
        entry = dict(file) if isinstance(file, Mapping) else {"input": os.fspath(file)}
        _check_entry(os.fspath(path), number, entry)
        lines.append(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
    write_atomic(path, lines, replace)


def jobs(
    files: Union[Path, Iterable[Union[Path, Mapping[str, Any]]]],
    out: Path | None = None,
    *,
    back: bool = False,
) -> list[Job]:
    """What is to be done for each file, in order.

    Args:
        files: the path of a manifest, or paths, or dictionaries with ``input`` and perhaps ``output``.
        out: the folder of outputs that are not named; without it, they are beside the inputs.
        back: whether the inputs are compressed files.

    Raises:
        InvalidArgumentError: two files with the same output, an output that is an input too, or a name
            that gives no output.
    """
    folder, where, entries = os.getcwd(), "files", files
    if isinstance(files, (str, os.PathLike)):
        where = os.fspath(files)
        folder, entries = os.path.dirname(os.path.abspath(where)), read(files)
    found: list[Job] = []
    places: dict[str, int] = {}
    for number, entry in enumerate(entries, 1):  # type: ignore[arg-type]
        if not isinstance(entry, Mapping):
            entry = {"input": os.path.abspath(os.fspath(entry))}
        _check_entry(where, number, entry)
        job = _job(where, number, entry, folder, out, back)
        other = places.setdefault(os.path.realpath(job.output), number)
        if other != number:
            raise _wrong(
                where,
                number,
                f"its output is that of {other} too, {job.output}; name another output",
            )
        found.append(job)
    for number, job in enumerate(found, 1):
        other = places.get(os.path.realpath(job.input))
        if other is not None:
            raise _wrong(where, other, f"its output is the input of {number}, {job.input}")
    return found


def shard(found: list[Job], text: str) -> list[Job]:
    """The jobs of a shard: ``"3/100"`` takes every hundredth, from the third on."""
    try:
        number, count = (int(word) for word in text.split("/"))
    except ValueError:
        raise InvalidArgumentError(f"shard {text!r}; write it as 3/100") from None
    if not 1 <= number <= count:
        raise InvalidArgumentError(f"shard {text}; 1/{count} to {count}/{count} are possible")
    return found[number - 1 :: count]


def _job(
    where: str, number: int, entry: Mapping[str, Any], folder: str, out: Path | None, back: bool
) -> Job:
    named = entry["input"]
    source = os.path.normpath(os.path.join(folder, named))
    if entry.get("output") is not None:
        named_output = entry["output"]
        return Job(
            source, os.path.normpath(os.path.join(folder, named_output)), named, named_output
        )
    packed = source.lower().endswith(ENDING)
    if back != packed:
        what = f"does not end in {ENDING}" if back else f"ends in {ENDING} already"
        raise _wrong(where, number, f"{named} {what}; name its output")
    name = os.path.basename(source)
    name = name[: -len(ENDING)] if back else name + ENDING
    if not name or name == ENDING:
        raise _wrong(where, number, f"{named!r} gives no name for its output; name its output")
    if out is None:
        beside = named[: -len(ENDING)] if back else named + ENDING
        return Job(source, os.path.join(os.path.dirname(source), name), named, beside)
    output = os.path.join(os.path.abspath(os.fspath(out)), name)
    return Job(source, output, named, output)


def _check_entry(where: str, number: int, entry: Any) -> None:
    if not isinstance(entry, Mapping) or "input" not in entry:
        raise _wrong(where, number, 'an object with "input" is needed')
    for key in ("input", "output"):
        name = entry.get(key)
        if name is None and key == "output":
            continue
        if not isinstance(name, str) or not name or "\0" in name:
            raise _wrong(where, number, f"{key} {name!r}; the name of a file is needed")


def _check_size(path: str, limit: int) -> None:
    size = os.path.getsize(path)
    if size > limit:
        raise LimitError(f"{path}: has {size} bytes; at most {limit} are read; split it")


def _wrong(where: str, number: int, what: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"{where}, entry {number}: {what}")
