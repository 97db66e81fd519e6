"""Many files on a real cluster of two worker processes."""

import json
import os
import signal
import threading

import numpy as np
import pytest
from dask.distributed import Client, LocalCluster, SchedulerPlugin

import vortex_codec
from conftest import SMALL, jets_of
from vortex_codec import _cluster_tasks, dask, errors, manifest
from vortex_codec._members import members


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


def write_files(folder, count, rows=300):
    folder.mkdir(exist_ok=True)
    paths = []
    for number in range(count):
        path = folder / f"{number:02}.bin"
        path.write_bytes(jets_of(rows, seed=number).tobytes())
        paths.append(path)
    return paths


def states(report):
    return [file.state for file in report.files]


def check_outputs(report, paths, **options):
    """Compares the outputs, and what the report says about them."""
    assert len(report.files) == len(paths)
    for path, file in zip(paths, report.files):
        with open(file.output, "rb") as packed:
            assert vortex_codec.decompress(packed.read(), **options) == path.read_bytes()
        assert file.input_bytes == path.stat().st_size
        assert file.output_bytes == os.path.getsize(file.output)
        assert file.input_blake3 == _cluster_tasks._digest(path)
        assert file.output_blake3 == _cluster_tasks._digest(file.output)
        assert file.error is None


def test_there_and_back_and_again(client, tmp_path):
    paths = write_files(tmp_path / "in", 5)
    (tmp_path / "in" / "00.bin").write_bytes(b"")
    seen = []
    report = dask.compress_files(
        client,
        paths,
        tmp_path / "out",
        level=2,
        schema=jets_of(0).dtype,
        progress=lambda file, done, total: seen.append((file.input, done, total)),
    )
    assert states(report) == ["done"] * 5
    check_outputs(report, paths)
    assert [(done, total) for _, done, total in seen] == [(n + 1, 5) for n in range(5)]
    # The same bytes as of a call here.
    vortex_codec.compress_file(paths[1], tmp_path / "here.vxc", level=2, schema=jets_of(0).dtype)
    assert (tmp_path / "here.vxc").read_bytes() == (tmp_path / "out" / "01.bin.vxc").read_bytes()
    stated = json.loads((tmp_path / "out" / "compressed.report.json").read_text())
    assert stated["version"] == 1 and stated["done"] == 5 and stated["files"][3]["state"] == "done"
    assert manifest.Report.read(report.path) == report

    times = [os.stat(file.output).st_mtime_ns for file in report.files]
    again = dask.compress_files(client, paths, tmp_path / "out", level=2)
    assert states(again) == ["skipped"] * 5
    assert [os.stat(file.output).st_mtime_ns for file in again.files] == times

    packed = [file.output for file in report.files]
    for expected in ("done", "skipped"):
        back = dask.decompress_files(client, packed, tmp_path / "back")
        assert states(back) == [expected] * 5
        for path, file in zip(paths, back.files):
            assert (tmp_path / "back" / path.name).read_bytes() == path.read_bytes()
            assert file.output_blake3 == _cluster_tasks._digest(path)
    (tmp_path / "back" / "02.bin").write_bytes(b"mine")
    with pytest.raises(dask.FailedFilesError, match=r"1 of 5(.|\n)*02.bin.vxc(.|\n)*replace=True"):
        dask.decompress_files(client, packed, tmp_path / "back")
    assert (tmp_path / "back" / "02.bin").read_bytes() == b"mine"


class Starts(SchedulerPlugin):
    """Counts how often each task was given to a worker."""

    def __init__(self):
        self.count = 0

    def transition(self, key, start, finish, *args, **kwargs):
        if finish == "processing" and str(key).startswith("('vortex-compress"):
            self.count += 1


def test_a_killed_worker_loses_one_task(client, tmp_path):
    paths = write_files(tmp_path / "in", 10, rows=3000)
    starts = Starts()
    client.cluster.scheduler.add_plugin(starts, name="starts")
    workers = client.run(os.getpid)
    killed = []

    def progress(file, done, total):
        if done == 3:
            killed.append(next(iter(workers.values())))
            os.kill(killed[0], signal.SIGKILL)

    report = dask.compress_files(client, paths, tmp_path / "out", progress=progress)
    client.cluster.scheduler.remove_plugin("starts")
    # The worker may have written its file, but not told.
    assert killed and states(report).count("done") >= 8 and not report.failures
    assert set(states(report)) <= {"done", "skipped"}
    check_outputs(report, paths)
    # A worker holds the task that it runs, and the next one.
    assert 10 < starts.count <= 12
    client.wait_for_workers(2, timeout=30)
    assert killed[0] not in client.run(os.getpid).values()


def test_a_stopped_run_continues(client, tmp_path):
    paths = write_files(tmp_path / "in", 6)

    class Stop(Exception):
        pass

    def progress(file, done, total):
        if done == 2:
            raise Stop

    with pytest.raises(Stop):
        dask.compress_files(client, paths, tmp_path / "out", level=2, progress=progress)
    first = manifest.Report.read(tmp_path / "out" / "compressed.report.json")
    assert len(first.files) == 2
    report = dask.compress_files(client, paths, tmp_path / "out", level=2)
    assert report.count("skipped") >= 2 and not report.failures
    check_outputs(report, paths)


def test_failures_are_listed_and_alone(client, tmp_path):
    paths = write_files(tmp_path / "in", 6)
    (tmp_path / "out").mkdir()
    paths[1].unlink()
    (tmp_path / "out" / "02.bin.vxc").write_bytes(b"other")
    whole = vortex_codec.compress(paths[3].read_bytes(), level=2)
    (tmp_path / "out" / "03.bin.vxc").write_bytes(whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:])
    (tmp_path / "out" / "04.bin.vxc").write_bytes(vortex_codec.compress(b"another file"))
    with pytest.raises(dask.FailedFilesError, match="4 of 6 files failed") as caught:
        dask.compress_files(client, paths, tmp_path / "out", level=2)
    report = caught.value.report
    assert states(report) == ["done", "failed", "failed", "failed", "failed", "done"]
    for file, words in zip(report.failures, ["No such file", "not a .vxc", "checksum", "12 bytes"]):
        assert words in file.error and file.input_bytes is None
        assert file.input in str(caught.value)
    assert manifest.Report.read(report.path) == report
    # What is there may be replaced on request; the missing file stays missing.
    report = dask.compress_files(client, paths, tmp_path / "out", level=2, replace=True, errors="return")
    assert states(report) == ["skipped", "failed", "done", "done", "done", "skipped"]


def test_a_large_file_in_parts(client, tmp_path):
    jets = jets_of(20_000)
    path = tmp_path / "large.bin"
    path.write_bytes(jets.tobytes() + b"tail")
    options = {"level": 2, "part_bytes": 60_000}
    # A part of an earlier run is used, one of another division is removed.
    count = -(-(jets.nbytes + 4) // (60_000 // jets.itemsize * jets.itemsize))
    step = 60_000 // jets.itemsize * jets.itemsize
    early = tmp_path / f"large.bin.vxc.part-0002-of-{count:04}"
    early.write_bytes(vortex_codec.compress(jets.tobytes()[step : 2 * step], schema=jets.dtype, level=1))
    size = early.stat().st_size
    (tmp_path / "large.bin.vxc.part-0001-of-0099").write_bytes(b"old")
    (tmp_path / f"large.bin.vxc.part-0001-of-{count:04}").write_bytes(b"damaged")
    report = dask.compress_files(client, [path], report=tmp_path / "r.json", schema=jets.dtype, **options)
    assert states(report) == ["done"]
    check_outputs(report, [path])
    found = members(report.files[0].output)
    assert len(found) == count > 4 and found[1].stop - found[1].start == size
    assert sorted(os.listdir(tmp_path)) == ["large.bin", "large.bin.vxc", "r.json"]
    # Without a schema, each part has the records that are found at the start: the file is one table.
    other = tmp_path / "other.bin"
    other.write_bytes(jets.tobytes())
    dask.compress_files(client, [other], tmp_path / "out", **options)
    file = vortex_codec.open(tmp_path / "out" / "other.bin.vxc")
    assert len(file) == 20_000 and file[12_345].tobytes() == jets[12_345].tobytes()
    # A file of numpy is not divided.
    np.save(tmp_path / "a.npy", jets)
    dask.compress_files(client, [tmp_path / "a.npy"], tmp_path / "npy", **options)
    assert len(members(tmp_path / "npy" / "a.npy.vxc")) == 2
    back = dask.decompress_files(client, [tmp_path / "large.bin.vxc"], tmp_path / "back")
    assert states(back) == ["done"] and (tmp_path / "back" / "large.bin").read_bytes() == path.read_bytes()


def test_a_part_that_fails_fails_its_file(client, tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(range(256)) * 400)
    (tmp_path / "x.bin.vxc.part-0002-of-0002").mkdir()
    with pytest.raises(dask.FailedFilesError, match="part-0002"):
        dask.compress_files(
            client, [path], level=1, schema="u1", part_bytes=60_000, report=tmp_path / "r.json"
        )
    assert not (tmp_path / "x.bin.vxc").exists()


def test_one_model_for_all_files_loaded_once_by_each_worker(client, tmp_path):
    paths = write_files(tmp_path / "in", 8, rows=500)
    model = dask.train(
        client, paths, tmp_path / "run", schema=jets_of(0).dtype, sample_bytes=40_000, config=SMALL
    )
    assert model.dtype == jets_of(0).dtype and (tmp_path / "run" / "model.vxm").is_file()
    before = client.run(lambda: _cluster_tasks._load.cache_info().misses)
    in_memory = vortex_codec.Model.load(model.tobytes())
    report = dask.compress_files(client, paths, tmp_path / "out", model=in_memory)
    check_outputs(report, paths, model=model)
    after = client.run(lambda: _cluster_tasks._load.cache_info().misses)
    assert all(0 <= after[worker] - before[worker] <= 1 for worker in after)
    packed = [file.output for file in report.files]
    back = dask.decompress_files(client, packed, tmp_path / "back", model=model)
    assert states(back) == ["done"] * 8
    with pytest.raises(dask.FailedFilesError, match=model.digest[:16]):
        dask.decompress_files(client, packed, tmp_path / "other")


def test_files_of_datasets(client, tmp_path):
    jets = jets_of(500)
    np.savez(tmp_path / "a.npz", jets=jets, weights=np.ones(5))
    for expected in ("done", "skipped"):
        report = dask.compress_files(client, [tmp_path / "a.npz"], tmp_path / "out", datasets=True, level=2)
        assert states(report) == [expected]
        assert vortex_codec.Archive(report.files[0].output).names == ["jets", "weights"]
        back = dask.decompress_files(client, [report.files[0].output], tmp_path / "back")
        assert states(back) == [expected]
        assert (np.load(tmp_path / "back" / "a.npz")["jets"] == jets).all()
    with pytest.raises(dask.FailedFilesError, match="not its bytes"):
        dask.compress_files(client, [tmp_path / "a.npz"], tmp_path / "out")


def test_a_manifest_in_shards(client, tmp_path):
    write_files(tmp_path / "in", 5)
    listed = tmp_path / "files.jsonl"
    manifest.write(listed, [{"input": f"in/{n:02}.bin", "run": n} for n in range(5)])
    for number, count in ((1, 3), (2, 2)):
        report = dask.compress_files(client, listed, level=2, shard=f"{number}/2")
        assert states(report) == ["done"] * count and report.shard == f"{number}/2"
        assert report.path == f"{listed}.{number}-of-2.report.json"
    assert report.files[0].input == "in/01.bin" and report.files[0].output == "in/01.bin.vxc"
    whole = dask.compress_files(client, listed)
    assert states(whole) == ["skipped"] * 5 and whole.path == f"{listed}.report.json"
    with pytest.raises(errors.ExistsError, match="shard 1/2, not of None"):
        dask.compress_files(client, listed, report=f"{listed}.1-of-2.report.json")
    with pytest.raises(errors.ExistsError, match="not a report"):
        dask.compress_files(client, listed, report=listed)


def test_wrong_arguments(client, tmp_path):
    for options in (
        {"level": 0}, {"part_bytes": 1}, {"shard": "3"}, {"shard": "0/2"}, {"shard": "3/2"},
        {"errors": "ignore"}, {"schema": "no dtype"},
    ):  # fmt: skip
        with pytest.raises(errors.InvalidArgumentError):
            dask.compress_files(client, ["a"], tmp_path, **options)
    with pytest.raises(errors.InvalidArgumentError, match="no files"):
        dask.train(client, [], tmp_path / "run")
    assert not os.listdir(tmp_path)
    assert threading.current_thread() is threading.main_thread()
