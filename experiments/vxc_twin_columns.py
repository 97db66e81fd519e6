"""The columns predictor for vxc_twin.py, written from docs/format.md alone.

Columns of pcodec are decoded by its Python package, if that is installed.
"""

try:
    import numpy
    from pcodec import wrapped
except ImportError:
    wrapped = None

METHODS = ["constant", "planes", "bytes", "integers", "floats"]


class Input:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        assert self.at + n <= len(self.data), "columns end early"
        self.at += n
        return self.data[self.at - n : self.at]

    def byte(self):
        return self.take(1)[0]

    def varint(self):
        value, shift = 0, 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            assert value < 1 << 64 and shift < 70
            if byte < 128:
                return value
            shift += 7

    def growing(self, n, limit):
        values, following = [], 0
        for _ in range(n):
            values.append(following + self.varint())
            assert values[-1] < limit
            following = values[-1] + 1
        return values


class Head:
    def __init__(self, read, field, n, schema):
        sizes = [size for _, size, *_ in schema.fields]
        kinds = [kind for _, _, kind, *_ in schema.fields]
        code = read.byte()
        assert code < 64 and code & 7 < 5
        self.method = METHODS[code & 7]
        self.reference = self.context = self.values = None
        if code & 8:
            self.reference = read.varint()
            assert self.reference != field and sizes[self.reference] == sizes[field]
        if code & 16:
            self.context, self.before = divmod(read.varint(), 2)
            assert self.context < len(sizes) and (self.before or self.context != field)
            n_bounds = read.byte()
            assert 1 <= n_bounds <= 63
            self.bounds = read.growing(n_bounds, 1 << 8 * sizes[self.context])
            self.counts = [read.varint() for _ in range(n_bounds + 1)]
            assert sum(self.counts) == n
        if code & 32:
            n_values = read.varint()
            assert 1 <= n_values <= min(n, 1 << 16)
            self.values = read.growing(n_values, 1 << 8 * sizes[field])
        if self.method == "constant":
            assert not code & 48
        if self.method == "floats":
            derived = any(schema.known[field])
            assert not code & 40 and kinds[field] == "f" and sizes[field] >= 4 and not derived
        self.last = read.varint()
        self.length = 0 if self.method == "constant" else self.last
        self.width = sizes[field] if self.values is None else 1 if len(self.values) <= 256 else 2


def in_order(bits, size):
    sign = 1 << 8 * size - 1
    return bits ^ (2 * sign - 1) if bits & sign else bits | sign


def stored(head, n, stream, version, unzstd):
    """The stored numbers; nothing where they cannot be decoded here."""
    width = head.width
    if head.method == "constant":
        assert head.last < 1 << 8 * width
        return [head.last] * n
    if head.method in ("planes", "bytes"):
        data = unzstd(stream)
        assert len(data) == n * width
        if head.method == "planes":
            return [int.from_bytes(data[i::n], "big") for i in range(n)]
        return [int.from_bytes(data[i : i + width], "little") for i in range(0, len(data), width)]
    if wrapped is None:
        return None
    letter = "f" if head.method == "floats" else "u"
    decompressor, _ = wrapped.FileDecompressor.new(version)
    numbers = []
    for count in filter(None, head.counts if head.context is not None else [n]):
        assert count <= 1 << 24 and stream and stream[0] & 15 != 4
        chunk, used = decompressor.chunk_decompressor(stream, f"{letter}{8 * width}")
        stream = stream[used:]
        page = numpy.zeros(count, dtype=f"{letter}{width}")
        progress, used = chunk.read_page_into(stream, count, page)
        assert progress.n_processed == count and progress.finished
        stream = stream[used:]
        numbers += page.view(f"u{width}").tolist()
    assert not stream
    return [in_order(bits, width) for bits in numbers] if letter == "f" else numbers


def column(field, head, numbers, columns, size):
    """The numbers of a field from those that are stored."""
    n, out = len(numbers), []
    if head.context is not None:
        following = [sum(head.counts[:i]) for i in range(len(head.counts))]
        ends = [a + b for a, b in zip(following, head.counts)]
    for i in range(n):
        place = i
        if head.context is not None:
            told_by = out if head.context == field else columns[head.context]
            number = told_by[i] if not head.before else told_by[i - 1] if i else 0
            bucket = sum(bound <= number for bound in head.bounds)
            place = following[bucket]
            assert place < ends[bucket], "an empty bucket"
            following[bucket] += 1
        number = numbers[place]
        if head.values is not None:
            number = head.values[number]
        if head.reference is not None:
            number = (number + columns[head.reference][i] - (1 << 8 * size - 1)) % (1 << 8 * size)
        out.append(number)
    return out


def symbols(number, f, schema):
    """The symbols of a field from its number."""
    _, size, kind, transform, big = schema.fields[f]
    if not any(schema.known[f]) and transform < 2:
        sign = 1 << 8 * size - 1
        if kind == "s":
            number ^= sign
        if kind == "f":
            number ^= sign if number & sign else 2 * sign - 1
        if transform == 0 and not big:
            return number.to_bytes(size, "little")
    return number.to_bytes(size, "big")


def decode(payload, n, schema, unzstd):
    """n records; nothing where that needs pcodec and it is not installed."""
    read = Input(payload)
    version = read.take(2)
    assert version[0] == 4, "version of pcodec's format"
    heads = [Head(read, f, n, schema) for f in range(len(schema.fields))]
    streams = [read.take(head.length) for head in heads]
    assert read.at == len(payload)
    columns = [None] * len(heads)
    while None in columns:
        ready = [
            f
            for f, head in enumerate(heads)
            if columns[f] is None
            and all(g in (None, f) or columns[g] is not None for g in (head.reference, head.context))
        ]
        assert ready, "a circle"
        for f in ready:
            numbers = stored(heads[f], n, streams[f], version, unzstd)
            if numbers is None:
                return None
            columns[f] = column(f, heads[f], numbers, columns, schema.fields[f][1])
    out, before = bytearray(), None
    for i in range(n):
        record = b"".join(symbols(columns[f][i], f, schema) for f in range(len(columns)))
        before = schema.record(before, record)
        out += before
    return bytes(out)
