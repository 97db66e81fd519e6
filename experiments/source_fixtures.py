"""Writes small files of every kind that the readers support, and their digests as numpy and h5py read them."""
import hashlib, json, sys
from pathlib import Path
import h5py, numpy as np

out = Path(sys.argv[1]); out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(7)
expected = {}

def note(file, name, array, unread=False):
    if unread:
        expected.setdefault(file, {})[name] = {"unread": True}
        return
    array = np.asarray(array)
    expected.setdefault(file, {})[name] = {
        "dtype": array.dtype.descr if array.dtype.names else array.dtype.str,
        "shape": list(array.shape), "itemsize": array.dtype.itemsize,
        "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
    }

specials = np.array([0x7fc00001, 0xffc12345, 0x7f800001, 0x80000000, 0x00000001, 0xff800000], dtype="<u4").view("<f4")
mixed = np.dtype([("pt", "<f4"), ("e", ">f8"), ("n", ">i2"), ("flag", "?"), ("half", "<f2"),
                  ("hits", "<i2", (3,)), ("cov", ">f4", (2, 2)), ("inner", [("a", "u1"), ("b", "<u8")]), ("tag", "S5")])
rows = np.zeros(57, dtype=mixed)
raw = rng.integers(0, 256, rows.nbytes, dtype=np.uint8).view(mixed)
for n in mixed.names: rows[n] = raw[n]
rows["flag"] = rng.integers(0, 2, 57).astype(bool)
rows["tag"] = np.array([b"abc", b"", b"xyzzy"] * 19)
padded = np.zeros(50, dtype=np.dtype({"names": ["a", "b"], "formats": ["u1", "<f8"], "offsets": [0, 8], "itemsize": 24}))
padded["a"] = rng.integers(0, 256, 50); padded["b"] = rng.normal(size=50)
cube = rng.normal(size=(11, 7, 5)).astype("<f4")
arrays = {
    "mixed": rows, "padded": padded, "cube": cube, "wide": rng.normal(size=(3, 300)).astype("<f8"),
    "specials": specials, "big": np.arange(40, dtype=">i4").reshape(20, 2), "scalar": np.float64(-0.0),
    "empty": np.zeros((0, 3), dtype="<f4"), "bytes": rng.integers(0, 256, 33, dtype=np.uint8),
    "long": np.arange(300, dtype="<i8"), "ubig": np.arange(9, dtype=">u8"), "half": np.arange(12, dtype="<f2"),
}
for name, kind in [("old.h5", "earliest"), ("new.h5", "latest")]:
    with h5py.File(out / name, "w", libver=kind) as f:
        for key, a in arrays.items():
            f.create_dataset(key, data=a); note(name, key, f[key][()])
        g = f.create_group("packed/deep")
        g.create_dataset("gzip", data=rows, chunks=(20,), compression="gzip", shuffle=True, fletcher32=True)
        g.create_dataset("lzf", data=np.arange(2000, dtype="<i4") // 7, chunks=(640,), compression="lzf")
        g.create_dataset("lzf_shuffle", data=cube, chunks=(4, 7, 5), compression="lzf", shuffle=True)
        g.create_dataset("tiles", data=cube, chunks=(3, 4, 2), compression="gzip")
        g.create_dataset("szo", data=np.arange(1000, dtype="<i4") % 50, chunks=(100,), scaleoffset=0)
        d = g.create_dataset("holes", shape=(40,), dtype="<f4", chunks=(8,), fillvalue=-1.5); d[10:12] = [3, 4]
        g.create_dataset("never", shape=(12,), dtype=">i2", fillvalue=7)
        d = g.create_dataset("grown", shape=(10, 3), maxshape=(None, 3), chunks=(4, 3), dtype="<i4"); d.resize((25, 3)); d[:] = np.arange(75).reshape(25, 3)
        g.create_dataset("enum", data=np.array([0, 1, 5], dtype="i2"), dtype=h5py.enum_dtype({"A": 0, "B": 1, "C": 5}, basetype="i2"))
        g.create_dataset("opaque", data=np.frombuffer(b"0123456789ab", dtype="V4"))
        g.create_dataset("complex", data=np.array([1 + 2j, -0.0 + 1j], dtype="<c8"))
        g.create_dataset("ld", data=np.arange(3, dtype=np.longdouble))
        for key in g: note(name, "packed/deep/" + key, g[key][()])
        f.create_dataset("null", data=h5py.Empty("<f4"))
        f.create_dataset("strings", data=["a", "bc"], dtype=h5py.string_dtype())
        d = f.create_dataset("vlen", (2,), dtype=h5py.vlen_dtype("<i4")); d[0] = [1, 2]
        f.create_dataset("refs", data=np.array([f["cube"].ref], dtype=object), dtype=h5py.ref_dtype); note(name, "refs", None, True)
        # A dataset with two names has the first one in the order of its group: of names in old groups, of creation in new ones.
        f["alias"] = f["cube"]
        if name == "old.h5": expected[name]["alias"] = expected[name].pop("cube")
        f["soft"] = h5py.SoftLink("/cube")
        f["dangling"] = h5py.SoftLink("/nowhere")
        f["packed/loop"] = f["packed"]
        f["cube"].attrs["units"] = "GeV"

for key, a in [("mixed", rows), ("fortran", np.asfortranarray(rng.normal(size=(6, 4)))), ("big", arrays["big"]),
               ("scalar", np.array(np.float32(-0.0))), ("specials", specials), ("unicode", np.array(["é", "abc"])),
               ("dates", np.array(["2026-01-01"], dtype="M8[ns]")), ("empty", arrays["empty"]), ("padded", padded)]:
    np.save(out / f"{key}.npy", a)
    order = "F" if key == "fortran" else "C"
    note(f"{key}.npy", "array", a)
    expected[f"{key}.npy"]["array"]["sha256"] = hashlib.sha256(a.tobytes(order=order)).hexdigest()
np.savez(out / "stored.npz", **{"a": rows, "b": cube}); np.savez_compressed(out / "packed.npz", **{"a": rows, "b": cube})
for f in ["stored.npz", "packed.npz"]:
    note(f, "a", rows); note(f, "b", cube)
np.save(out / "objects.npy", np.array([{}, None], dtype=object), allow_pickle=True)
(out / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
