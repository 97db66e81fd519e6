"""Many files on a cluster of Dask: one task for a file, or for a part of a large one.

>>> from dask.distributed import Client
>>> from vortex_codec.dask import compress_files
>>> client = Client("scheduler:8786")  # doctest: +SKIP
>>> report = compress_files(client, ["/data/a.bin", "/data/b.bin"], "/packed")  # doctest: +SKIP

- :func:`compress_files`, :func:`decompress_files`: all files of a list or of a manifest.
- :func:`train`: a model of a sample of many files.

All workers must reach the files under the same paths, and have this package.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from dask.distributed import as_completed

from . import _cluster_tasks as tasks
from . import _core
from ._arrays import dtype_of
from ._members import blake3_hasher
from ._options import ModelLike, SchemaLike, coding, is_schema_file, number, schema_from
from .errors import InvalidArgumentError, VortexError
from .manifest import FileReport, Job, Path, Report, jobs, may_replace
from .manifest import shard as jobs_of_shard
from .models import Model
from .training import train as train_here

if TYPE_CHECKING:
    from dask.distributed import Client, Future

__all__ = ["FailedFilesError", "compress_files", "decompress_files", "train"]

#: A manifest, or files.
Files = Union[Path, Iterable[Union[Path, Mapping[str, Any]]]]
Progress = Callable[[FileReport, int, int], None]

#: Most tasks that the scheduler knows at once.
_WINDOW = 10_000
#: A report is written so seldom that this takes at most one part in 20 of the time.
_WRITING = 20


class FailedFilesError(VortexError):
    """Some files failed; ``report`` says which, and why."""

    def __init__(self, message: str, kind: str | None = None, report: Report | None = None) -> None:
        super().__init__(message, kind)
        self.report = report


def compress_files(
    client: Client,
    files: Files,
    out: Path | None = None,
    *,
    model: ModelLike | None = None,
    schema: SchemaLike | None = None,
    level: int = 5,
    threads: int = 1,
    block_bytes: int | None = None,
    verify: bool = True,
    embed_model: bool = False,
    datasets: bool = False,
    part_bytes: int = 1 << 28,
    shard: str | None = None,
    report: Path | None = None,
    replace: bool = False,
    progress: Progress | None = None,
    errors: str = "raise",
) -> Report:
    """Compresses files on a cluster, each to a ``.vxc`` file as :func:`~vortex_codec.compress_file` makes it.

    Outputs get their names when they are complete. A second call, or one after a crash, skips files whose
    outputs are there and hold them; a worker that is killed loses the task that it was at.

    Args:
        client: the client of the cluster.
        files: the path of a :mod:`manifest <vortex_codec.manifest>`, or paths of files, or dictionaries with
            ``input`` and ``output``.
        out: the folder of outputs; it is made. Without it, outputs are beside their inputs.
        model, schema, level, block_bytes, verify, embed_model: as for :func:`~vortex_codec.compress`. The
            model is sent to the workers, and loaded once by each.
        threads: threads of one task; Dask runs several tasks on a worker with several threads.
        datasets: as for :func:`~vortex_codec.compress_file`; such files are not divided.
        part_bytes: files of more bytes are divided into parts of about so many, at whole records; each is
            a task, which holds its part in memory. Files of other programs (npy, HDF5, ROOT, zip, gzip) are
            divided only if ``schema`` or ``model`` is given.
        shard: ``"3/100"`` takes every hundredth file, from the third on.
        report: where the report is written, after each file; beside the manifest or, without one, in ``out``,
            or in this folder, if you do not say.
        replace: whether outputs that do not hold their inputs may be replaced.
        progress: called after each file with its report, the number of files so far, and that of all.
        errors: ``"raise"`` an exception at the end if files failed, or ``"return"`` the report all the same.

    Raises:
        FailedFilesError: files failed; the others are complete.
    """
    options = tasks.Options(
        _reachable(schema), level, threads, block_bytes, verify, embed_model, datasets, replace,
        number("part_bytes", part_bytes, 1 << 12, 1 << 40),
    )  # fmt: skip
    coding(**options.arguments(None))
    run = _Run(client, files, out, model, shard, report, progress, errors, level)
    return run.all(lambda job: (tasks.compress_one, job, options, run.model), options)


def decompress_files(
    client: Client,
    files: Files,
    out: Path | None = None,
    *,
    model: ModelLike | None = None,
    threads: int = 1,
    shard: str | None = None,
    report: Path | None = None,
    replace: bool = False,
    progress: Progress | None = None,
    errors: str = "raise",
) -> Report:
    """Decompresses files on a cluster; the way back of :func:`compress_files`, with the same arguments.

    The name of an output is that of its input without ``.vxc``. Files of datasets become new files with the
    same values.

    Raises:
        FailedFilesError: files failed; the others are complete.
    """
    options = tasks.Options(threads=threads, replace=replace)
    coding(threads=threads)
    run = _Run(client, files, out, model, shard, report, progress, errors)
    return run.all(
        lambda job: (
            tasks.decompress_one,
            job,
            options,
            run.model,
            run.known.get(job.named_output),
        ),
        options,
    )


def train(
    client: Client,
    files: Files,
    out: Path,
    *,
    schema: SchemaLike | None = None,
    sample_bytes: int = 64 << 20,
    **options: Any,
) -> Model:
    """Trains one model on a sample of many files of the same records.

    The sample is read by the workers, whole records evenly from all files, and the training runs in this
    process.

    Args:
        client: the client of the cluster.
        files: as for :func:`compress_files`.
        out: the folder of the run.
        schema: the dtype of the records; without it, that of the first file, from the schema file beside it
            or from its bytes.
        sample_bytes: the size of the sample.
        **options: as for :func:`vortex_codec.train`.

    Raises:
        InvalidArgumentError: the files hold not a single record.
    """
    number("sample_bytes", sample_bytes, 1 << 10, 1 << 40)
    # Several entries may have one output, which is not made here.
    paths = [job.input for job in _inputs(files)]
    if not paths:
        raise InvalidArgumentError("no files to train on")
    dtype = client.submit(tasks.layout_of, paths[0], _reachable(schema), pure=False).result()
    sizes = client.gather(client.map(tasks.size_of, paths, pure=False))
    rows = [size // dtype.itemsize for size in sizes]
    share = min(1.0, sample_bytes / max(1, sum(rows) * dtype.itemsize))
    pieces = []
    for path, count in zip(paths, rows):
        taken = min(count, max(1, round(count * share)))
        if taken:
            first = (count - taken) // 2 * dtype.itemsize
            bounds = first, first + taken * dtype.itemsize
            pieces.append(client.submit(tasks.read_sample, path, *bounds, pure=False))
    if not pieces:
        raise InvalidArgumentError(f"no file has a record of {dtype.itemsize} bytes")
    arrays = [np.frombuffer(piece, dtype) for piece in client.gather(pieces)]
    return train_here(np.concatenate(arrays), out, **options)


def _reachable(schema: SchemaLike | None) -> SchemaLike | None:
    """The schema as workers understand it."""
    found = schema_from(schema)
    if isinstance(schema, _core.Schema):
        return found and dtype_of(found)
    if is_schema_file(schema):
        return os.path.abspath(os.fspath(schema))  # type: ignore[arg-type]
    return schema


def _inputs(files: Files) -> list[Job]:
    if not isinstance(files, (str, os.PathLike)):
        files = [dict(f, output=None) if isinstance(f, Mapping) else f for f in files]
    return jobs(files)


class _Run:
    """The files of one call, and what came of them so far."""

    def __init__(
        self,
        client: Client,
        files: Files,
        out: Path | None,
        model: ModelLike | None,
        shard: str | None,
        report: Path | None,
        progress: Progress | None,
        errors: str,
        level: int | None = None,
    ) -> None:
        back = level is None
        if errors not in ("raise", "return"):
            raise InvalidArgumentError(f'errors {errors!r}; "raise" and "return" are possible')
        blake3_hasher()
        self.client, self.progress, self.errors = client, progress, errors
        self.jobs = jobs(files, out, back=back)
        if shard is not None:
            self.jobs = jobs_of_shard(self.jobs, shard)
        if report is None:
            report = _report_path(files, out, shard, back)
        self.path = os.path.abspath(os.fspath(report))
        may_replace(self.path, shard)
        self.known: dict[str, str | None] = {}
        if os.path.exists(self.path):
            before = Report.read(self.path)
            self.known = {file.output: file.output_blake3 for file in before.files}
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.report = Report(shard, level=level, path=self.path)
        self.found: dict[int, FileReport] = {}
        self.key = uuid.uuid4().hex
        self.model: Future | None = None
        if model is not None:
            loaded = model if isinstance(model, Model) else Model.load(model)
            self.report.model, data = loaded.digest, loaded.tobytes()
            self.model = client.submit(tasks.same, data, key=f"vortex-model-{self.key}")
        self.written = self.writing = 0.0

    def all(self, task_of: Callable[[Job], tuple], options: tasks.Options) -> Report:
        """Runs all tasks and reports."""
        waiting = iter(enumerate(self.jobs))
        # What is done with the result of a future.
        after: dict[Future, Callable[[Future], None]] = {}
        running = as_completed()

        def submit(
            name: str, index: Any, then: Callable[[Future], None], *task: Any, priority: int = 0
        ) -> None:
            key = (f"vortex-{name}-{self.key}", index)
            future = self.client.submit(*task, key=key, pure=False, priority=priority)
            after[future] = then
            running.add(future)

        def whole_file(index: int) -> Callable[[Future], None]:
            def then(future: Future) -> None:
                result = self._result(future, index)
                if isinstance(result, tasks.Parts):
                    _Divided(self, result, index, options, submit)
                else:
                    self._finish(index, result)

            return then

        def fill() -> None:
            while len(after) < _WINDOW and (entry := next(waiting, None)) is not None:
                index, job = entry
                name = task_of(job)[0].__name__.split("_")[0]
                submit(name, index, whole_file(index), *task_of(job))

        try:
            fill()
            for future in running:
                after.pop(future)(future)
                fill()
        finally:
            self.client.cancel([*after, *filter(None, [self.model])])
            self._write()
        failures = self.report.failures
        if failures and self.errors == "raise":
            shown = "".join(f"\n  {file.input}: {file.error}" for file in failures[:10])
            more = f"\n  and {len(failures) - 10} more" if len(failures) > 10 else ""
            raise FailedFilesError(
                f"{len(failures)} of {len(self.jobs)} files failed; the report is {self.path}{shown}{more}",
                report=self.report,
            )
        return self.report

    def _result(self, future: Future, index: int) -> Any:
        """The result; a task that could not run is a file that failed."""
        try:
            return future.result()
        except Exception as error:
            return tasks.failed(self.jobs[index], error, 0.0)

    def _finish(self, index: int, file: FileReport) -> None:
        self.found[index] = file
        if self.progress is not None:
            self.progress(file, len(self.found), len(self.jobs))
        if time.monotonic() - self.written > _WRITING * self.writing:
            self._write()

    def _write(self) -> None:
        start = time.monotonic()
        self.report.files = [file for _, file in sorted(self.found.items())]
        self.report.write(self.path)
        self.written = time.monotonic()
        self.writing = self.written - start


class _Divided:
    """A large file, whose parts are joined when all are there."""

    def __init__(
        self,
        run: _Run,
        parts: tasks.Parts,
        index: int,
        options: tasks.Options,
        submit: Callable[..., None],
    ) -> None:
        self.run, self.parts, self.index, self.options, self.submit = (
            run,
            parts,
            index,
            options,
            submit,
        )
        self.left, self.seconds = len(parts.bounds), 0.0
        self.failure: FileReport | None = None
        for part in range(self.left):
            task = tasks.compress_part, parts, part, options, run.model
            # Started files come before others, so that parts do not lie around.
            submit("part", (index, part), self._part, *task, priority=1)

    def _part(self, future: Future) -> None:
        self.left -= 1
        result = self.run._result(future, self.index)
        if isinstance(result, FileReport):
            self.failure = result
        else:
            self.seconds += result
        if self.left:
            return
        if self.failure is not None:
            self.run._finish(self.index, self.failure)
            return
        task = tasks.join_parts, self.parts, self.options, self.seconds
        self.submit("join", self.index, self._joined, *task, priority=2)

    def _joined(self, future: Future) -> None:
        self.run._finish(self.index, self.run._result(future, self.index))


def _report_path(files: Files, out: Path | None, shard: str | None, back: bool) -> str:
    part = "" if shard is None else "." + shard.replace("/", "-of-")
    if isinstance(files, (str, os.PathLike)):
        return f"{os.fspath(files)}{part}.report.json"
    name = "decompressed" if back else "compressed"
    return os.path.join(os.fspath(out) if out is not None else ".", f"{name}{part}.report.json")
