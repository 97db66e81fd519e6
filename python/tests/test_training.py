"""Training, models, evaluation and inspection."""

import numpy as np
import pandas
import pytest
from conftest import SMALL, jets_of

import vortex_codec
from vortex_codec import errors


def test_a_model_of_arrays_codes_like_ones(tmp_path, jets):
    events = []
    out = tmp_path / "run"
    model = vortex_codec.train(
        [jets_of(3000, 3), jets_of(2000, 4)], out, config=SMALL, callback=events.append
    )
    names = {event["event"] for event in events}
    assert {"start", "step", "validation", "done"} <= names
    steps = [event["step"] for event in events if event["event"] == "step"]
    assert steps == sorted(steps) and steps[-1] == 30
    assert model.path == str(out / "model.vxm") and model.dtype == jets.dtype
    file = vortex_codec.compress(jets[:2000], model=model, embed_model=True)
    assert (vortex_codec.decompress_array(file) == jets[:2000]).all()
    found = vortex_codec.inspect(out / "model.vxm")
    assert found["kind"] == "model" and found["blake3"] == model.digest
    assert [field["name"] for field in found["fields"]] == list(jets.dtype.names)
    with pytest.raises(FileExistsError, match="resume"):
        vortex_codec.train(jets, out, config=SMALL)


def test_files_budgets_and_resuming(tmp_path, jets):
    data, out = tmp_path / "jets.bin", tmp_path / "run"
    data.write_bytes(jets[:4000].tobytes())
    fields = [f"{{name: {name}, dtype: '{jets.dtype[name].str}'}}" for name in jets.dtype.names]
    (tmp_path / "jets.schema.yaml").write_text(f"stride: 14\nfields: [{', '.join(fields)}]\n")

    class Enough(Exception):
        pass

    def stop(event):
        if event["event"] == "step" and event["step"] >= 5:
            raise Enough(event["step"])

    with pytest.raises(Enough, match="5"):
        vortex_codec.train(data, out, config=SMALL, callback=stop)
    assert not (out / "model.vxm").exists() and (out / "last.safetensors").exists()
    model = vortex_codec.train(data, out, config=SMALL, resume=True)
    assert model.dtype == jets.dtype
    short = {**SMALL, "budget": {"max_seconds": 100}}
    again = vortex_codec.train([data], out, config=short, seconds=1, replace=True)
    assert again.path == model.path and again != model


def test_what_cannot_be_trained_on(tmp_path, jets):
    train = vortex_codec.train
    with pytest.raises(errors.SchemaError, match="array 1 has dtype"):
        train([jets, np.zeros(100, "<f4")], tmp_path / "a")
    with pytest.raises(errors.InvalidArgumentError, match="not both"):
        train([jets, "file.bin"], tmp_path / "a")
    with pytest.raises(FileNotFoundError):
        train("no_such_file.bin", tmp_path / "a")
    with pytest.raises(errors.TrainingError, match="layers"):
        train(jets, tmp_path / "a", config={"model": {"layers": 2}})
    with pytest.raises(errors.VortexError):
        train(jets, tmp_path / "a", config=SMALL, device="abacus")


def test_evaluation_becomes_a_frame(jets, small_model):
    found = vortex_codec.evaluate(jets[:3000])
    table = pandas.DataFrame(found)
    assert list(table.codec[:1]) == ["vortex (no model)"] and len(table) >= 4
    assert (table.bytes > 0).all() and table.bits_per_byte[0] < table.bits_per_byte[1:].min()
    file = vortex_codec.compress(jets[:3000])
    assert table.bytes[0] == len(file)
    fields = pandas.DataFrame(found.fields).set_index("field").bits
    assert set(fields.index) == set(jets.dtype.names) and fields["event"] < fields["pt"]
    with_model = vortex_codec.evaluate(jets[:3000], model=small_model, baselines="none")
    assert with_model["codec"] == ["vortex"]
    assert with_model.model_bytes == len(small_model.tobytes())


def test_inspection_of_compressed_files(tmp_path, jets, jets_file, small_model):
    found = vortex_codec.inspect(jets_file)
    assert found["kind"] == "compressed" and found["original_bytes"] == jets.nbytes
    assert found["compressed_bytes"] == jets_file.stat().st_size
    assert [field["name"] for field in found["fields"]] == list(jets.dtype.names)
    assert vortex_codec.inspect(jets_file.read_bytes()) == found
    # The model beside the file is found.
    (tmp_path / "m.vxm").write_bytes(small_model.tobytes())
    packed = tmp_path / "with_model.vxc"
    packed.write_bytes(vortex_codec.compress(jets[:500], model=small_model))
    members = vortex_codec.inspect(packed)["members"]
    assert [member["model"] for member in members] == [small_model.digest]
    assert vortex_codec.open(packed)[3] == jets[3]
    with pytest.raises(errors.NotVortexError):
        vortex_codec.inspect(b"raw data")
