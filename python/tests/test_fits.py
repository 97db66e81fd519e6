"""FITS files of astropy: the tables and images are found, and the files come back byte for byte."""

import numpy as np
import pytest
from conftest import vortex

import vortex_codec

fits = pytest.importorskip("astropy.io.fits")


@pytest.fixture
def catalogue(tmp_path):
    random = np.random.default_rng(3)
    table = np.zeros(5000, [("id", ">i8"), ("flux", ">f4", (3,)), ("flag", "?"), ("name", "S7"), ("mass", ">f8")])
    table["id"] = np.arange(5000)
    table["flux"] = random.lognormal(size=(5000, 3))
    table["name"] = [f"g{i % 50}" for i in range(5000)]
    table["mass"] = np.cumsum(random.exponential(size=5000))
    counts = fits.Column("counts", "PJ()", array=np.array([np.arange(i % 4) for i in range(9)], object))
    units = [
        fits.PrimaryHDU(random.normal(size=(40, 64)).astype(">f4")),
        fits.BinTableHDU(table, name="GALAXIES"),
        fits.ImageHDU(np.arange(60000, dtype=np.uint16).reshape(100, 600), name="CCD"),
        fits.BinTableHDU.from_columns([counts], name="LISTS"),
        fits.CompImageHDU(np.arange(4096, dtype=np.int32).reshape(64, 64), name="TILED"),
    ]
    path = tmp_path / "catalogue.fits"
    fits.HDUList(units).writeto(path)
    return path, table


def test_the_bytes_come_back_and_the_table_makes_the_file_small(catalogue):
    path, table = catalogue
    vortex("compress", "-q", "-2", path.name, folder=path.parent)
    packed = path.with_name("catalogue.fits.vxc")
    vortex("decompress", "-q", "-o", "back.fits", packed.name, folder=path.parent)
    assert path.with_name("back.fits").read_bytes() == path.read_bytes()
    assert packed.stat().st_size < len(vortex_codec.compress(path.read_bytes(), level=2))


def test_datasets_have_the_values_of_astropy(catalogue):
    path, table = catalogue
    vortex("compress", "-q", "-2", "--datasets", path.name, folder=path.parent)
    archive = vortex_codec.Archive(str(path) + ".vxc")
    with fits.open(path, do_not_scale_image_data=True) as file:
        found = archive["GALAXIES"]
        assert len(found) == 5000
        for name in ("id", "mass"):
            assert np.asarray(found[name]).astype(table[name].dtype).tobytes() == table[name].tobytes()
        fluxes = np.stack([np.asarray(found[f"flux[{i}]"]) for i in range(3)], axis=1)
        assert np.array_equal(fluxes, file["GALAXIES"].data["flux"])
        image = np.asarray(archive["CCD"][:]).astype("<i2").reshape(100, 600)
        assert np.array_equal(image, file["CCD"].data)
    vortex("decompress", "-q", "-o", "again.fits", path.name + ".vxc", folder=path.parent)
    assert path.with_name("again.fits").read_bytes() == path.read_bytes()
