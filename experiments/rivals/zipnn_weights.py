"""ZipNN on the values of weights, one thread."""

from zipnn import ZipNN


def codec(dtype):
    return ZipNN(bytearray_dtype={"F32": "float32", "BF16": "bfloat16"}[dtype], threads=1)


# The library reorders its input in place.
WEIGHTS = {
    "ZipNN": (
        lambda values, dtype: bytes(codec(dtype).compress(bytearray(values))),
        lambda packed, dtype: bytes(codec(dtype).decompress(bytearray(packed))),
    ),
}
