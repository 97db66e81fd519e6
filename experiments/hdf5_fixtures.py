"""Writes small HDF5 files with every filter of hdf5plugin, and with parts that are not read beside parts that are; their
digests, as h5py reads them, go to hdf5.json."""
import hashlib, json, sys
from pathlib import Path
import h5py, hdf5plugin, numpy as np

out = Path(sys.argv[1]); out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(11)
expected = {}

def note(file, name, array):
    array = np.asarray(array)
    expected.setdefault(file, {})[name] = {
        "dtype": array.dtype.descr if array.dtype.names else array.dtype.str,
        "shape": list(array.shape), "itemsize": array.dtype.itemsize,
        "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
    }

steps = (np.arange(600, dtype="<i4") // 7 * 3).reshape(30, 20)
waves = np.round(np.sin(np.arange(503) / 40) * 100).astype("<f8")
noise = rng.integers(0, 256, 300, dtype=np.uint8)
long = (np.arange(150_001) // 900).astype("<u2")
rows = np.zeros(121, dtype=[("a", "u1"), ("b", "<f4"), ("c", "<i8")]); rows["b"] = np.arange(121) / 4; rows["c"] = np.arange(121) // 5
kinds = {"steps": (steps, (16, 20)), "waves": (waves, (300,)), "noise": (noise, (300,)), "long": (long, (150_001,)), "rows": (rows, (50,))}
# Boxes of Blosc2 are smaller than chunks of this size.
cube = (np.arange(90 * 70 * 50) // 350).astype("<i4").reshape(90, 70, 50)

CHOSEN = {"lz4", "lz4_blocks", "zstd", "bzip2", "bitshuffle_none", "bitshuffle_lz4", "bitshuffle_zstd", "blosc_blosclz_bytes", "blosc_lz4_bits",
          "blosc_zstd_bytes", "blosc2_blosclz_bytes", "blosc2_lz4_bits", "blosc2_zstd_plain", "blosc2_delta"}
filters = {"lz4": hdf5plugin.LZ4(), "lz4_blocks": hdf5plugin.LZ4(nbytes=512), "zstd": hdf5plugin.Zstd(), "bzip2": hdf5plugin.BZip2(blocksize=1)}
for name in ["none", "lz4", "zstd"]:
    filters[f"bitshuffle_{name}"] = hdf5plugin.Bitshuffle(cname=name)
filters["bitshuffle_small"] = hdf5plugin.Bitshuffle(nelems=64, cname="lz4")
for kind in [hdf5plugin.Blosc, hdf5plugin.Blosc2]:
    title = kind.__name__.lower()
    for codec in ["blosclz", "lz4", "lz4hc", "zlib", "zstd", "snappy"]:
        for shuffle, mode in [("plain", kind.NOSHUFFLE if kind is hdf5plugin.Blosc else kind.NOFILTER), ("bytes", kind.SHUFFLE), ("bits", kind.BITSHUFFLE)]:
            try:
                filters[f"{title}_{codec}_{shuffle}"] = kind(cname=codec, clevel=5, **({"shuffle": mode} if kind is hdf5plugin.Blosc else {"filters": mode}))
            except (KeyError, ValueError) as error:
                print(title, codec, error)
for name, mode in [("delta", hdf5plugin.Blosc2.DELTA), ("trunc", hdf5plugin.Blosc2.TRUNC_PREC)]:
    filters[f"blosc2_{name}"] = hdf5plugin.Blosc2(cname="zstd", clevel=5, filters=mode)

with h5py.File(out / "filters.h5", "w", libver="latest") as f:
    for name, filter in filters.items():
        for kind, (array, chunks) in kinds.items():
            if kind in ("noise", "rows", "long") and (name not in CHOSEN or kind == "long" and name == "bitshuffle_none"):
                continue
            try:
                f.create_dataset(f"{name}/{kind}", data=array, chunks=chunks, **filter)
            except Exception as error:
                print(name, kind, error); continue
            note("filters.h5", f"{name}/{kind}", f[name][kind][()])
    f.create_dataset("boxes", data=cube, chunks=(90, 70, 50), **hdf5plugin.Blosc2(cname="zstd", clevel=9)); note("filters.h5", "boxes", cube)
    for title, kind in [("blosc", hdf5plugin.Blosc()), ("blosc2", hdf5plugin.Blosc2()), ("bitshuffle", hdf5plugin.Bitshuffle())]:
        zeros = np.zeros(3000, "<f4")
        f.create_dataset(f"zeros/{title}", data=zeros, chunks=(1000,), **kind); note("filters.h5", f"zeros/{title}", zeros)
    f.create_dataset("two", data=waves, chunks=(300,), shuffle=True, fletcher32=True, **hdf5plugin.Zstd()); note("filters.h5", "two", waves)

# Parts that are not read beside parts that are, in groups of each form.
for name, kind in [("neighbours_old.h5", "earliest"), ("neighbours.h5", "latest")]:
    with h5py.File(out / name, "w", libver=kind) as f:
        for place in ["", "group/", "many/"]:
            layout = h5py.VirtualLayout(shape=(10,), dtype="<f4"); layout[:] = h5py.VirtualSource("other.h5", "x", shape=(10,))
            f.create_virtual_dataset(f"{place}a_virtual", layout)
            space = h5py.h5s.create_simple((3,))
            h5py.h5d.create(f[place or "/"].id, b"b_complex", h5py.h5t.COMPLEX_IEEE_F64LE, space)
            f.create_dataset(f"{place}c_zfp", data=waves, chunks=(300,), **hdf5plugin.Zfp(reversible=True))
            f[f"{place}d_external"] = h5py.ExternalLink("other.h5", "/x")
            f[f"{place}e_dangling"] = h5py.SoftLink("/nowhere")
            f[f"{place}f_type"] = np.dtype("<f8")
            f[f"{place}good"] = np.arange(10, dtype="<f4"); note(name, f"{place}good", np.arange(10, dtype="<f4"))
        for i in range(20):
            f[f"many/g{i}"] = i; note(name, f"many/g{i}", i)
        for i in range(2):
            d = f.create_dataset(f"damaged{i}", data=waves, chunks=(300,), compression="gzip")
        places = [f[f"damaged{i}"].id.get_chunk_info(i).byte_offset for i in range(2)]
    with open(out / name, "r+b") as f:
        for place in places:
            f.seek(place + 8); f.write(b"\xff" * 8)

(out / "hdf5.json").write_text(json.dumps(expected, indent=1) + "\n")
for file in expected:
    print(file, (out / file).stat().st_size)
