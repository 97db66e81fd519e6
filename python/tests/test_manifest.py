"""Lists of files, and what a compressed file says about its input."""

import json
import os

import numpy as np
import pytest

import vortex_codec
from vortex_codec import errors, manifest
from vortex_codec._members import blake3_hasher, holds_file, members


def test_names_of_outputs(tmp_path):
    listed = tmp_path / "files.jsonl"
    listed.write_text('{"input": "a/x"}\r\n\n{"output": "out/y", "input": "/b/y", "run": 7}')
    assert manifest.read(listed)[1] == {"output": "out/y", "input": "/b/y", "run": 7}
    first, second = manifest.jobs(listed)
    assert first == manifest.Job(f"{tmp_path}/a/x", f"{tmp_path}/a/x.vxc", "a/x", "a/x.vxc")
    assert second == manifest.Job("/b/y", f"{tmp_path}/out/y", "/b/y", "out/y")
    elsewhere = manifest.jobs(listed, "/o")
    assert elsewhere[0].output == elsewhere[0].named_output == "/o/x.vxc"
    back = manifest.jobs(["/o/x.vxc"], "/p", back=True)
    assert back[0].output == "/p/x"
    assert manifest.shard(list("abcde"), "2/3") == ["b", "e"]
    manifest.write(tmp_path / "again.jsonl", manifest.read(listed))
    assert manifest.read(tmp_path / "again.jsonl") == manifest.read(listed)
    with pytest.raises(errors.ExistsError):
        manifest.write(tmp_path / "again.jsonl", [])
    assert sorted(os.listdir(tmp_path)) == ["again.jsonl", "files.jsonl"]


@pytest.mark.parametrize(
    "line",
    ['{"output": "b"}', '{"input": 3}', '{"input": "b"', "b.bin", '{"input": ""}', "[" * 100_000, "\0",
     '{"input": "b", "output": ""}', '{"input": "b.vxc"}', '{"input": "a"}',
     '{"input": "a.vxc", "output": "c"}', '{"input": "\\u0000"}', "3", '{"input": "c", "output": "a"}'],
)  # fmt: skip
def test_wrong_lines_are_named(tmp_path, line):
    listed = tmp_path / "files.jsonl"
    listed.write_text(f'{{"input": "a"}}\n{line}\n')
    with pytest.raises(errors.InvalidArgumentError, match="entry [12]: "):
        manifest.jobs(listed)


def test_reports_come_back_and_other_files_are_refused(tmp_path):
    path = tmp_path / "report.json"
    files = [
        manifest.FileReport("a", "a.vxc", "done", 5, 4, "00", "11", 0.125),
        manifest.FileReport("b", "b.vxc", "failed", seconds=1.0, error="é"),
    ]
    report = manifest.Report("1/2", files, 3, "ab", os.fspath(path))
    report.write(path)
    assert manifest.Report.read(path) == report
    stated = json.loads(path.read_text())
    assert (stated["done"], stated["failed"], stated["skipped"]) == (1, 1, 0)
    assert (stated["level"], stated["model"]) == (3, "ab")
    assert list(stated["files"][0]) == [
        "input", "output", "state", "input_bytes", "output_bytes", "input_blake3", "output_blake3", "seconds",
    ]  # fmt: skip
    manifest.may_replace(os.fspath(path), "1/2")
    for text in (
        "",
        "{}",
        "[]",
        "[" * 100_000,
        '{"version": 1, "files": [3]}',
        '{"version": 2, "files": []}',
    ):
        path.write_text(text)
        with pytest.raises(errors.InvalidArgumentError, match="report"):
            manifest.Report.read(path)


def test_members_of_a_file(tmp_path):
    parts = [b"one two three " * 300, b"", np.arange(500.0).tobytes()]
    files = [
        vortex_codec.compress(parts[0]),
        vortex_codec.compress(parts[1]),
        vortex_codec.compress(np.arange(500.0).reshape(250, 2), level=2, block_bytes=1024),
    ]
    path, source = tmp_path / "a.vxc", tmp_path / "a"
    path.write_bytes(b"".join(files))
    source.write_bytes(b"".join(parts))
    assert [member.original_bytes for member in members(path)] == [len(part) for part in parts]
    whole = blake3_hasher()
    with open(source, "rb") as opened:
        assert holds_file(path, opened, whole) is None
        whole_digest = blake3_hasher()
        whole_digest.update(source.read_bytes())
        assert whole.digest() == whole_digest.digest()
        path.write_bytes(files[2] + files[0])
        assert holds_file(path, opened, None) == "holds other bytes than the input"
    with open(path, "rb") as opened:
        assert "while the input has" in holds_file(path, opened, None)


def test_every_damaged_byte_and_every_cut_is_noticed(tmp_path, run_folder, jets):
    model = vortex_codec.Model.load(run_folder / "model.vxm")
    path = tmp_path / "a.vxc"
    grid = np.arange(120.0, dtype="<f4").reshape(60, 2)
    embedded = vortex_codec.compress(jets[:50], model=model, embed_model=True)
    for whole in (vortex_codec.compress(grid, level=2), embedded):
        every = max(1, len(whole) // 400)
        for at in range(0, len(whole), every):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
            with pytest.raises((errors.NotVortexError, errors.DamagedError, errors.UnsupportedError)):
                members(path)
            path.write_bytes(whole[:at])
            with pytest.raises(errors.VortexError):
                members(path)
