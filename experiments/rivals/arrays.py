"""Codecs of arrays of numbers: what they do not take is coded by xz -9e, so that they have a whole file."""

import lzma

import numpy as np

from interface import NotApplicable, Rival, per_column


def xz(length):
    """xz -9e without its header, and with a window that is not longer than the data: most columns are short."""
    window = min(64 << 20, max(4096, 1 << (length - 1).bit_length()))
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": window}]
    return {"format": lzma.FORMAT_RAW, "filters": filters}


def rival(name, types, compress, decompress):
    """`types` are numpy's kinds and widths, such as `f4`, that the codec takes."""

    def taken(column):
        return column.values.dtype.newbyteorder("=").str[1:] in types

    def pack(column):
        raw = np.ascontiguousarray(column.values)
        if not taken(column):
            return lzma.compress(raw.tobytes(), **xz(raw.nbytes))
        # With its shape or as a line, whichever is smaller.
        shapes = {raw.shape, column.shape}
        return min((compress(raw.reshape(shape)) for shape in sorted(shapes)), key=len)

    def unpack(packed, column):
        if taken(column):
            return decompress(packed, column)
        return np.frombuffer(lzma.decompress(packed, **xz(column.values.nbytes)), column.values.dtype)

    columns = per_column(name, pack, unpack)

    def whole(table):
        if not any(taken(column) for column in table.columns):
            raise NotApplicable("no numbers of its types are stated for this file")
        return columns.compress(table)

    return Rival(name, whole, columns.decompress)
