"""What one worker of a cluster does with one file, or with a part of a large one.

Everything here can run twice, or again after its worker was killed: outputs get their names when they are
complete, and what is there already is compared with the input first.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from . import _core
from ._arrays import dtype_of
from ._atomic import write_atomic
from ._members import DATASETS, blake3_hasher, holds_file, holds_range, members, pieces
from ._options import SchemaLike, coding, schema_from
from .compression import compress_file, decompress_file
from .errors import ExistsError, InputOutputError, VerifyError, VortexError
from .manifest import FileReport, Job
from .models import Model

#: Files of other programs, whose parts depend on each other: npy, HDF5, ROOT, FITS, zip, gzip.
_OTHER_FORMATS = (b"\x93NUMPY", b"\x89HDF", b"root", b"SIMPLE", b"PK\x03\x04", b"\x1f\x8b", b"\x9eVX")


@dataclass(frozen=True)
class Options:
    """How all files of a run are coded."""

    schema: SchemaLike | None = None
    level: int = 5
    threads: int = 1
    block_bytes: int | None = None
    verify: bool = True
    embed_model: bool = False
    datasets: bool = False
    replace: bool = False
    part_bytes: int = 1 << 28

    def arguments(self, model: Model | None) -> dict[str, Any]:
        """As :func:`~vortex_codec.compress` takes them."""
        return {
            "schema": self.schema,
            "model": model,
            "level": self.level,
            "threads": self.threads,
            "block_bytes": self.block_bytes,
            "verify": self.verify,
            "embed_model": self.embed_model,
        }


@dataclass(frozen=True)
class Parts:
    """A large file, and where its parts begin and end."""

    job: Job
    bounds: tuple[tuple[int, int], ...]
    seconds: float


_LOADING = threading.Lock()


@lru_cache(maxsize=4)
def _load(data: bytes) -> Model:
    return Model.load(data)


def model_of(data: bytes | None) -> Model | None:
    """The model, which each worker loads once."""
    if data is None:
        return None
    with _LOADING:
        return _load(data)


def same(data: bytes) -> bytes:
    """A task whose result is the model, so that each worker gets it once, and again if it is lost."""
    return data


def compress_one(job: Job, options: Options, model: bytes | None) -> FileReport | Parts:
    """Compresses a file if its output is not there; a large one is only divided."""
    start = time.monotonic()
    try:
        found = _found(job, options)
        if found is not None:
            return _report(job, "skipped", start, found)
        bounds = _bounds(job, options, model_of(model))
        if len(bounds) > 1:
            return Parts(job, bounds, time.monotonic() - start)
        os.makedirs(os.path.dirname(job.output), exist_ok=True)
        try:
            compress_file(
                job.input,
                job.output,
                datasets=options.datasets,
                replace=options.replace,
                **options.arguments(model_of(model)),
            )
        except ExistsError:
            # The same task may run elsewhere too, where its worker was given up for lost.
            return _report(job, "skipped", start, _must_hold(job, options.datasets))
        return _report(job, "done", start, _must_hold(job, options.datasets))
    except Exception as error:
        return failed(job, error, time.monotonic() - start)


def compress_part(parts: Parts, number: int, options: Options, model: bytes | None) -> float:
    """Compresses a part of a large file into a file beside the output; returns the seconds."""
    began = time.monotonic()
    start, stop = parts.bounds[number]
    path = part_path(parts, number)
    with open(parts.job.input, "rb") as source:
        if _is_part(path, source, start, stop):
            return time.monotonic() - began
    arguments = options.arguments(model_of(model))
    if arguments["schema"] is None and model is None:
        arguments["schema"] = _core.Schema.of_file(parts.job.input)
    data = np.fromfile(parts.job.input, np.uint8, stop - start, offset=start)
    if data.size != stop - start:
        raise InputOutputError(f"{parts.job.input}: became shorter while it was read", "Io")
    packed = _core.compress(data, coding(**arguments), None)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write_atomic(path, [packed], True)
    return time.monotonic() - began


def join_parts(parts: Parts, options: Options, seconds: float) -> FileReport:
    """Appends the parts of a large file to each other, and removes them."""
    start = time.monotonic() - seconds - parts.seconds
    job = parts.job
    paths = [part_path(parts, number) for number in range(len(parts.bounds))]
    try:
        found = _found(job, options)
        if found is None:
            write_atomic(job.output, _contents(paths), options.replace)
            found = _must_hold(job, False)
        _remove_parts(job)
        return _report(job, "done", start, found)
    except Exception as error:
        return failed(job, error, time.monotonic() - start)


def decompress_one(
    job: Job, options: Options, model: bytes | None, known: str | None
) -> FileReport:
    """Decompresses a file if its output is not there. ``known`` is the digest of an earlier run."""
    start = time.monotonic()
    try:
        archive = members(job.input)[0].label == DATASETS
        if os.path.lexists(job.output):
            digests = _digests(job)
            if _is_original(job, archive, known):
                return _report(job, "skipped", start, digests)
            if not options.replace:
                raise ExistsError(
                    f"{job.output}: exists already, and is not what {job.input} was made from; pass "
                    "replace=True",
                    "OutputExists",
                )
        os.makedirs(os.path.dirname(job.output), exist_ok=True)
        if archive:
            _restore(job, options, model)
        else:
            try:
                decompress_file(
                    job.input,
                    job.output,
                    model=model_of(model),
                    threads=options.threads,
                    replace=options.replace,
                )
            except ExistsError:
                if not _is_original(job, archive, known):
                    raise
        return _report(job, "done", start, _digests(job))
    except Exception as error:
        return failed(job, error, time.monotonic() - start)


def read_sample(path: str, start: int, stop: int) -> bytes:
    """Some bytes of a file, to train on."""
    data = np.fromfile(path, np.uint8, stop - start, offset=start)
    if data.size != stop - start:
        raise InputOutputError(f"{path}: became shorter while it was read", "Io")
    return data.tobytes()


def size_of(path: str) -> int:
    """The length of a file."""
    return os.path.getsize(path)


def layout_of(path: str, schema: SchemaLike | None) -> np.dtype:
    """The dtype of the records of a file."""
    found = schema_from(schema)
    return dtype_of(_core.Schema.of_file(path) if found is None else found)


def part_path(parts: Parts, number: int) -> str:
    """Where a part of a large file is, until all are there."""
    return f"{parts.job.output}.part-{number + 1:04}-of-{len(parts.bounds):04}"


def failed(job: Job, error: BaseException, seconds: float) -> FileReport:
    """The report of a file that could not be coded."""
    message = str(error) or "no message"
    if not isinstance(error, (VortexError, OSError)):
        message = f"{type(error).__name__}: {message}"
    return FileReport(
        job.named_input, job.named_output, "failed", seconds=round(seconds, 3), error=message
    )


Digests = tuple[int, int, str, str]


def _report(job: Job, state: str, start: float, digests: Digests) -> FileReport:
    seconds = round(time.monotonic() - start, 3)
    return FileReport(job.named_input, job.named_output, state, *digests, seconds)


def _found(job: Job, options: Options) -> Digests | None:
    """The digests if the output is there and whole; an error if it is there and is not."""
    os.stat(job.input)
    if not os.path.lexists(job.output):
        return None
    try:
        reason, digests = _compared(job, options.datasets)
    except VortexError as error:
        reason, digests = f"cannot be compared with the input ({error})", None
    if reason is None:
        return digests
    if options.replace:
        return None
    raise ExistsError(
        f"{job.output}: exists already, and {reason}; pass replace=True", "OutputExists"
    )


def _must_hold(job: Job, datasets: bool) -> Digests:
    reason, digests = _compared(job, datasets)
    if reason is not None:
        raise VerifyError(
            f"{job.output}: {reason}; did another program change the input or the output?",
            "VerifyFailed",
        )
    return digests


def _compared(job: Job, datasets: bool) -> tuple[str | None, Digests]:
    """Why the output does not hold the input, if so; and the digests of both."""
    whole = blake3_hasher()
    found = members(job.output)
    if found[0].label == DATASETS:
        for piece in _contents([job.input]):
            whole.update(piece)
        reason = None if datasets else "holds the values of a file, not its bytes"
        if _source_digest(job.output, found[0].stop) != whole.hexdigest():
            reason = "holds the values of another file"
    else:
        with open(job.input, "rb") as source:
            reason = holds_file(job.output, source, whole)
    return reason, (
        os.path.getsize(job.input),
        os.path.getsize(job.output),
        whole.hexdigest(),
        _digest(job.output),
    )


def _source_digest(path: str, stop: int) -> str | None:
    """The digest of the file whose datasets are stored, which the first member states."""
    with open(path, "rb") as file:
        stated = json.loads(_core.decompress(np.frombuffer(file.read(stop), np.uint8), None, 1))
    sources = stated.get("sources", [])
    return sources[0].get("blake3") if len(sources) == 1 else None


def _digests(job: Job) -> Digests:
    sizes = os.path.getsize(job.input), os.path.getsize(job.output)
    return *sizes, _digest(job.input), _digest(job.output)


def _digest(path: str) -> str:
    hasher = blake3_hasher()
    for piece in _contents([path]):
        hasher.update(piece)
    return hasher.hexdigest()


def _is_original(job: Job, archive: bool, known: str | None) -> bool:
    """Whether the output is what the compressed file was made from."""
    if archive:
        return known is not None and _digest(job.output) == known
    with open(job.output, "rb") as output:
        return holds_file(job.input, output, None) is None


def _is_part(path: str, source: io.BufferedReader, start: int, stop: int) -> bool:
    try:
        return holds_range(path, source, start, stop) is None
    except (VortexError, FileNotFoundError):
        return False


def _restore(job: Job, options: Options, model: bytes | None) -> None:
    """A new file with the values of a file of datasets, by the command."""
    words = [sys.executable, "-m", "vortex_codec", "decompress", "-q", "-T", str(options.threads)]
    with tempfile.TemporaryDirectory() as folder:
        if model is not None:
            path = os.path.join(folder, "model.vxm")
            with open(path, "wb") as file:
                file.write(model)
            words += ["-m", path]
        words += ["-f"] if options.replace else []
        done = subprocess.run([*words, "-o", job.output, "--", job.input], capture_output=True)
    if done.returncode:
        raise VortexError(done.stderr.decode("utf-8", "replace").strip())


def _bounds(job: Job, options: Options, model: Model | None) -> tuple[tuple[int, int], ...]:
    """Where the parts of a file begin and end: at whole records."""
    size = os.path.getsize(job.input)
    if options.datasets or size <= options.part_bytes:
        return ((0, size),)
    if model is not None:
        stride = model._inner.schema.stride
    elif options.schema is not None:
        found = schema_from(options.schema)
        stride = 1 if found is None else found.stride
    else:
        with open(job.input, "rb") as file:
            if file.read(8).startswith(_OTHER_FORMATS):
                return ((0, size),)
        stride = _core.Schema.of_file(job.input).stride
    step = max(1, options.part_bytes // stride) * stride
    return tuple((start, min(start + step, size)) for start in range(0, size, step))


def _contents(paths: list[str]) -> Iterator[bytes]:
    for path in paths:
        with open(path, "rb") as file:
            yield from pieces(file)


def _remove_parts(job: Job) -> None:
    """Removes the parts of a file, also those of a run that divided it otherwise."""
    folder, name = os.path.split(job.output)
    for found in os.listdir(folder):
        if re.fullmatch(re.escape(name) + r"\.part-\d{4,}-of-\d{4,}", found):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(folder, found))
