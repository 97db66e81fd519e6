"""NanoAOD to compressed tables, and an analysis that reads only the columns it needs.

    pip install './python' uproot awkward
    python nanoaod_tables.py TABLES DoubleMuon=run1.root DoubleMuon=run2.root TTbar=mc.root

writes a folder for each dataset with one table of events and one of each kind of particle, then reads them
in a processor as coffea has it: a function of one dataset whose results are added up.
"""

import sys
from pathlib import Path

import awkward as ak
import numpy as np
import uproot

import vortex_codec

PARTICLES = ("Muon", "Electron", "Jet")


def tables_of(root_file):
    """The events of a file and their particles, each as a structured array.

    A particle of an event is a row; the events hold how many rows are theirs.
    """
    tree = root_file["Events"]
    names = tree.keys()
    numbers = {name: tree[name].interpretation for name in names}
    flat = [
        name
        for name in names
        if isinstance(numbers[name], uproot.AsDtype) and numbers[name].to_dtype.names is None
    ]
    yield "Event", _table({name: tree[name].array(library="np") for name in flat})
    for kind in PARTICLES:
        columns = [name for name in names if name.startswith(f"{kind}_")]
        columns = [name for name in columns if isinstance(numbers[name], uproot.AsJagged)]
        if columns:
            values = {name: ak.to_numpy(ak.flatten(tree[name].array())) for name in columns}
            yield kind, _table({name[len(kind) + 1 :]: column for name, column in values.items()})


def _table(columns):
    columns = {name: column for name, column in columns.items() if column.ndim == 1}
    length = len(next(iter(columns.values())))
    table = np.empty(length, [(name, column.dtype) for name, column in columns.items()])
    for name, column in columns.items():
        table[name] = column
    return table


def pack(files, out, level=2):
    """Writes the tables of the files of one dataset. Files are appended: a table is one file."""
    out.mkdir(parents=True)
    for path in files:
        with uproot.open(path) as root_file:
            for kind, table in tables_of(root_file):
                with open(out / f"{kind}.vxc", "ab") as packed:
                    packed.write(vortex_codec.compress(table, level=level))


def particles(dataset, kind, fields):
    """Some fields of the particles of all events, as coffea's ``events.Muon`` has them."""
    counts = vortex_codec.open(dataset / "Event.vxc")[f"n{kind}"]
    table = vortex_codec.open(dataset / f"{kind}.vxc")
    return ak.zip({name: ak.unflatten(table[name], counts) for name in fields})


class DimuonProcessor:
    """Masses of pairs of muons of opposite charge, in GeV."""

    edges = np.geomspace(0.3, 200, 60)

    def process(self, dataset):
        """The histogram of a dataset, a folder of tables."""
        muons = particles(dataset, "Muon", ["pt", "eta", "phi", "charge"])
        return {
            dataset.name: {"events": len(muons), "masses": np.histogram(self.masses(muons), self.edges)[0]}
        }

    @staticmethod
    def masses(muons):
        """Masses of the two muons of events with exactly two, whose own masses do not matter."""
        two = muons[ak.num(muons.pt) == 2]
        a, b = two[:, 0], two[:, 1]
        opposite = a.charge != b.charge
        a, b = a[opposite], b[opposite]
        squared = 2 * a.pt * b.pt * (np.cosh(a.eta - b.eta) - np.cos(a.phi - b.phi))
        return np.sqrt(np.maximum(ak.to_numpy(squared), 0))


def main(out, datasets):
    files = {}
    for word in datasets:
        name, path = word.split("=", 1)
        files.setdefault(name, []).append(Path(path))
    result = {}
    for name, paths in files.items():
        folder = Path(out) / name
        pack(paths, folder)
        result.update(DimuonProcessor().process(folder))
        original = sum(vortex_codec.inspect(path)["original_bytes"] for path in folder.glob("*.vxc"))
        packed = sum(path.stat().st_size for path in folder.glob("*.vxc"))
        print(f"{name}: {original} bytes of tables in {packed} bytes")
    for name, found in result.items():
        print(f"{name}: {found['events']} events, {found['masses'].sum()} pairs of muons")
    return result


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
