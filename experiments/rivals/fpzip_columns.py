"""fpzip without loss: each column, with its shape."""

import fpzip

from arrays import rival


def decompress(packed, column):
    return fpzip.decompress(packed, order="C").astype(column.values.dtype, copy=False)


RIVALS = [rival("fpzip, lossless", ("f4", "f8"), lambda values: fpzip.compress(values, precision=0, order="C"), decompress)]
