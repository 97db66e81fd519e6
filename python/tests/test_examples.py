"""The example programs, on real files where they are."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("VORTEX_DATA", ROOT / "shared" / "data"))


def test_nanoaod_tables(tmp_path, capsys):
    uproot = pytest.importorskip("uproot")
    ak = pytest.importorskip("awkward")
    source = DATA / "raw" / "cms_nano_dimuon.root"
    if not source.is_file():
        pytest.skip(f"no {source} (set VORTEX_DATA)")
    spec = importlib.util.spec_from_file_location("nanoaod", ROOT / "python/examples/nanoaod_tables.py")
    nanoaod = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(nanoaod)
    result = nanoaod.main(tmp_path / "tables", [f"A={source}", f"A={source}", f"B={source}"])
    assert "pairs of muons" in capsys.readouterr().out
    with uproot.open(source) as file:
        tree = file["Events"]
        muons = ak.zip({name: tree[f"Muon_{name}"].array() for name in ("pt", "eta", "phi", "charge")})
        read = nanoaod.particles(tmp_path / "tables" / "B", "Muon", ["pt", "phi"])
        assert ak.array_equal(read.pt, muons.pt) and ak.array_equal(read.phi, muons.phi)
    expected = np.histogram(nanoaod.DimuonProcessor.masses(muons), nanoaod.DimuonProcessor.edges)[0]
    assert expected.sum() > 10
    assert (result["B"]["masses"] == expected).all() and (result["A"]["masses"] == 2 * expected).all()
