"""The cells of the tutorial and of the notebook run, and the help is there."""

import ast
import doctest
import inspect
import re
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

import vortex_codec
from vortex_codec import _core, compression, dask, hdf5, manifest, numcodecs

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "python" / "examples").glob("*.ipynb"))


def cells_of_page(path):
    return re.findall(r"^```python\n(.*?)^```$", path.read_text(), re.M | re.S)


def run(cells, folder, monkeypatch, least=6):
    monkeypatch.chdir(folder)
    assert len(cells) >= least
    names = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        try:
            exec(compile(cell, f"cell {number}", "exec"), names)
        except Exception as error:
            raise AssertionError(f"cell {number}:\n{cell}") from error


def test_the_tutorial(tmp_path, monkeypatch):
    run(cells_of_page(ROOT / "docs" / "python.md"), tmp_path, monkeypatch)


def test_the_page_of_the_hdf5_filter(tmp_path, monkeypatch):
    run(cells_of_page(ROOT / "docs" / "hdf5.md"), tmp_path, monkeypatch, least=3)


@pytest.mark.filterwarnings("ignore:The data type")
def test_the_page_of_the_zarr_codec(tmp_path, monkeypatch):
    pytest.importorskip("zarr")
    run(cells_of_page(ROOT / "docs" / "zarr.md"), tmp_path, monkeypatch, least=5)


def test_the_page_of_dask(tmp_path, monkeypatch):
    run(cells_of_page(ROOT / "docs" / "dask.md"), tmp_path, monkeypatch, least=5)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks(path, tmp_path, monkeypatch):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.get("outputs") for cell in notebook.cells)
    run(cells, tmp_path, monkeypatch)


def test_examples_in_help():
    assert NOTEBOOKS
    modules = [vortex_codec, compression, hdf5, manifest, numcodecs]
    if find_spec("zarr"):
        modules.append(import_module("vortex_codec.zarr"))
    for module in modules:
        found = doctest.testmod(module)
        assert found.attempted >= 2 and found.failed == 0


def test_everything_public_has_help_and_types():
    public = [(vortex_codec, name) for name in vortex_codec.__all__]
    public += [(hdf5, name) for name in hdf5.__all__ if name.islower()]
    public += [(module, name) for module in (dask, manifest, numcodecs) for name in module.__all__]
    for module, name in public:
        found = getattr(module, name)
        assert len(inspect.getdoc(found) or "") > 40, name
        if inspect.isfunction(found):
            signature = inspect.signature(found)
            assert signature.return_annotation is not inspect.Signature.empty, name
            for parameter in signature.parameters.values():
                assert parameter.annotation is not inspect.Parameter.empty, (name, parameter)
        for member, value in vars(found).items() if inspect.isclass(found) else ():
            if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                assert inspect.getdoc(value), (name, member)


def test_stubs_of_the_inner_module_are_complete():
    package = files("vortex_codec")
    assert (package / "py.typed").is_file()
    stub = ast.parse((package / "_core.pyi").read_text())
    kinds = (ast.FunctionDef, ast.ClassDef)
    stated = {node.name: node for node in stub.body if isinstance(node, kinds)}
    built = {name for name in dir(_core) if not name.startswith("_")}
    assert set(stated) == built
    for name in ("Schema", "Model", "Archive"):
        members = {node.name for node in stated[name].body if isinstance(node, ast.FunctionDef)}
        assert members == {m for m in vars(getattr(_core, name)) if not m.startswith("_")}, name
