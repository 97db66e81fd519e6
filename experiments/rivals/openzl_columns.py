"""OpenZL, each column as numbers: its general graph, and the smallest of a search over its graphs."""

import numpy as np
import openzl.ext as zl

from interface import per_column

# A search looks at this much of a column, then codes all of it with the best two graphs.
SAMPLE = 256 << 10


def compressed(values, build):
    compressor = zl.Compressor()
    compressor.set_parameter(zl.CParam.FormatVersion, zl.MAX_FORMAT_VERSION)
    compressor.select_starting_graph(build(compressor))
    context = zl.CCtx()
    context.ref_compressor(compressor)
    return context.compress([zl.Input(zl.Type.Numeric, values)])


def integers(values):
    """OpenZL sees numbers as unsigned integers of their width."""
    return np.ascontiguousarray(values).view(f"u{values.dtype.itemsize}")


def back(packed, column):
    found = zl.DCtx().decompress(packed)[0].content.as_nparray()
    return np.array(found).view(column.values.dtype)


def general(column):
    return compressed(integers(column.values), lambda c: zl.graphs.Compress()(c))


def graphs(width):
    """Graphs to try, by name: what its documentation calls the blocks of numeric graphs, in pairs and triples."""
    g, n = zl.graphs, zl.nodes

    def end(name):
        return {
            "general": lambda c: g.Compress()(c),
            "field lz": lambda c: g.FieldLz(compression_level=9)(c),
            "zstd": lambda c: g.Zstd(compression_level=19)(c),
            "entropy": lambda c: g.Entropy()(c),
            "range pack": lambda c: n.RangePack()(c, g.FieldLz(compression_level=9)(c)),
            "bitpack": lambda c: g.Bitpack()(c),
        }[name]

    def planes(c, last):
        return n.ConvertNumToStructLE()(c, n.TransposeSplit()(c, last(c)))

    found = {name: end(name) for name in ("general", "field lz", "range pack", "bitpack")}
    if width > 1:
        for last in ("entropy", "zstd", "general"):
            found[f"byte planes, {last}"] = lambda c, last=last: planes(c, end(last))
            found[f"delta, byte planes, {last}"] = lambda c, last=last: n.DeltaInt()(c, planes(c, end(last)))
            found[f"delta, zigzag, byte planes, {last}"] = (
                lambda c, last=last: n.DeltaInt()(c, n.Zigzag()(c, planes(c, end(last))))
            )
    else:
        for last in ("entropy", "zstd"):
            found[last] = lambda c, last=last: n.ConvertNumToSerialLE()(c, end(last)(c))
    for last in ("field lz", "general", "range pack"):
        found[f"delta, {last}"] = lambda c, last=last: n.DeltaInt()(c, end(last)(c))
        found[f"divide, {last}"] = lambda c, last=last: n.DivideBy()(c, end(last)(c))
        for sort in (False, True):
            found[f"tokens, sorted {sort}, {last}"] = lambda c, last=last, sort=sort: n.TokenizeNumeric(sort=sort)(
                c, n.DeltaInt()(c, end("field lz")(c)) if sort else end("field lz")(c), end(last)(c)
            )
    if width == 4:
        for last in ("entropy", "general"):
            found[f"float parts, {last}"] = lambda c, last=last: n.Float32Deconstruct()(
                c, n.TransposeSplit()(c, end(last)(c)), end(last)(c)
            )
    return found


def searched(column):
    values = integers(column.values)
    sample = values[: max(1, SAMPLE // values.itemsize)]
    sizes = {}
    for name, build in graphs(values.itemsize).items():
        try:
            sizes[name] = len(compressed(sample, build)), build
        except RuntimeError:
            continue  # a graph that does not take these values
    best, tried = None, 0
    for _, build in sorted(sizes.values(), key=lambda pair: pair[0]):
        try:
            packed = compressed(values, build)
        except RuntimeError:
            continue
        best = packed if best is None or len(packed) < len(best) else best
        tried += 1
        if tried == 2 or len(sample) == len(values):
            break
    if best is None:
        raise RuntimeError("no graph takes this column")
    return best


RIVALS = [per_column("OpenZL, general graph", general, back), per_column("OpenZL, search", searched, back)]
