"""The rivals: their modules, the packages that hold them, and those that cannot be had."""

# Module of this folder: the package whose version a result states.
TABLES = {
    "openzl_columns": "openzl",
    "pcodec_columns": "pcodec",
    "blosc2_columns": "blosc2",
    "zfp_columns": "zfpy",
    "fpzip_columns": "fpzip",
    "hdf5_filters": "hdf5plugin",
    "zpaq_whole": "zpaq (Debian)",
    "paq9a_whole": "python3-paq (Debian)",
}
WEIGHTS = {"zipnn_weights": "zipnn", "z4ai_weights": "z4ai"}
# What would be of interest, and has no package in PyPI or Debian.
MISSING = {
    "paq8px": "no package in PyPI or Debian",
    "lpaq": "no package in PyPI or Debian",
    "cmix": "no package in PyPI or Debian",
}


def version(package):
    """`openzl 0.3.0`; of a Debian package the version that is installed."""
    name, _, debian = package.partition(" ")
    if debian:
        import subprocess

        query = ["dpkg-query", "-W", "-f", "${Version}", name]
        try:
            return f"{name} {subprocess.run(query, check=True, capture_output=True, text=True).stdout}"
        except (OSError, subprocess.CalledProcessError):
            return f"{name} (not installed)"
    from importlib import metadata

    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return f"{name} (not installed)"
