#!/usr/bin/env python3
"""A second reader of .vxc files, written from docs/format.md, docs/mixing.md and docs/numerics.md alone.

    python3 experiments/vxc_twin.py FILE.vxc > original
    python3 experiments/vxc_twin.py --golden crates/vortex-coder/assets

It shows that the pages say enough. Slow and strict; models must be in the file, and BLAKE3 is checked only
if the `blake3` package is there. zstd frames go through the `zstd` command.
`vxc_twin_mixing.py` has the mixing predictor, `vxc_twin_columns.py` the columns predictor, `vxc_twin_formula.py` the formulas of fields,
`vxc_twin_network.py` the networks of models.
"""
import math
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import vxc_twin_columns as columns
import vxc_twin_mixing as mixing
from vxc_twin_formula import Formula, single
from vxc_twin_mixing import U32, finish, log16, mix
from vxc_twin_network import Lane, Network

try:
    from blake3 import blake3
except ImportError:
    blake3 = None

SLOTS, SLOT_STEP = 16, 2
TRUST_RATE, COST_DECAY, STEP, TOTAL_LIMIT = 5, 5, 5, 1 << 15
SIZES = [1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 8, 8, 8]
KINDS = ["u", "s", "u", "u", "s", "f", "f", "u", "s", "f", "u", "s", "f"]


def le(data, at, size):
    assert at + size <= len(data), "truncated"
    return int.from_bytes(data[at : at + size], "little")


def check_crc(data, start, end):
    assert le(data, end, 4) == zlib.crc32(data[start:end]), f"checksum at {start}"


def unzstd(frame):
    return subprocess.run(["zstd", "-dcq"], input=frame, capture_output=True, check=True).stdout


class Schema:
    def __init__(self, data):
        self.fields, self.known, at, offset = [], [], 2, 0
        for _ in range(le(data, 0, 2)):
            packed, name = data[at], data[at + 2 : at + 2 + data[at + 1]]
            name.decode()
            dtype, transform = packed & 15, packed >> 4 & 3
            assert dtype < 13 and transform < 3
            self.fields.append((offset, SIZES[dtype], KINDS[dtype], transform, packed >> 6 & 1))
            offset += SIZES[dtype]
            at += 2 + len(name)
            grid = law = delta = formula = None
            if packed & 128:
                parts, at = data[at], at + 1
                assert parts & 7 < 6 and 0 < parts < 10
                if parts & 1:
                    grid, at = (data[at], data[at + 1]), at + 2
                    assert 1 <= grid[0] <= 8 and grid[1] <= 30 and dtype == 9 and transform
                if parts & 2:
                    form, n, minus = data[at], data[at + 1], le(data, at + 2, 2)
                    assert form < 2 and 1 <= n <= 16 and not minus >> n
                    assert dtype in (9, 12) and transform == 2
                    constant, at = exact("f", 8, le(data, at + 4, 8)), at + 12
                    terms = [(le(data, at + 2 * i, 2), minus >> i & 1) for i in range(n)]
                    law, at = (form, constant, terms), at + 2 * n
                if parts & 4:
                    delta = True
                    assert transform == 2
                if parts & 8:
                    assert transform == 2 and SIZES[dtype] >= 4
                    formula = Formula(data, at, SIZES[dtype])
                    at = formula.end
            self.known.append((grid, law, delta, formula))
        assert self.fields and at == len(data)
        self.stride = offset
        formulas = [known[3] for known in self.known if known[3]]
        assert sum(formula.cost for formula in formulas) <= 512 + 64 * offset
        assert all(max(formula.fields, default=0) < len(self.fields) for formula in formulas)
        self.role_field, self.role_first = [], []
        for f, (offset, size, *_) in enumerate(self.fields):
            self.role_field += [f] * size
            self.role_first += [offset] * size

    def record(self, before, symbols):
        """`before` is the previous record of the same lane, or None."""
        out = bytearray()
        for offset, size, kind, transform, big in self.fields:
            value = bytearray(symbols[offset : offset + size])
            if transform == 2 and kind == "s":
                value[0] ^= 128
            if transform == 2 and kind == "f":
                if value[0] & 128:  # it was 0 before
                    value[0] ^= 128
                else:
                    value = bytearray(b ^ 255 for b in value)
            out += value if transform == 0 or big else value[::-1]
        done = {f for f, known in enumerate(self.known) if not any(known)}
        while len(done) < len(self.fields):
            f = next(
                f
                for f, (_, law, _, formula) in enumerate(self.known)
                if f not in done
                and (not law or all(t in done for t, _ in law[2]))
                and (not formula or formula.fields <= done)
            )
            offset, size, kind, transform, big = self.fields[f]
            grid, law, delta, formula = self.known[f]
            code = int.from_bytes(symbols[offset : offset + size], "big")
            half = expected = 1 << 8 * size - 1
            if law:
                expected = self.expected(f, out)
            if delta and before:
                expected = self.code(f, before)
            if law or delta:
                code = (code - half + expected) % (1 << 8 * size)
            if formula:
                code = formula.leave(code, self.formulas(f, out), size)
            if transform == 2:
                code = out_of_order(code, size, kind)
            if grid:
                code = swap(grid, code)
            out[offset : offset + size] = code.to_bytes(size, "big" if big else "little")
            done.add(f)
        return out

    def code(self, f, record):
        """The integer of a field with a distance."""
        offset, size, kind, _, big = self.fields[f]
        bits = int.from_bytes(record[offset : offset + size], "big" if big else "little")
        grid = self.known[f][0]
        return in_order(swap(grid, bits) if grid else bits, size, kind)

    def formulas(self, f, record):
        """The integers of what the formulas of a field give, None where that is not finite."""
        grid, _, _, formula = self.known[f]
        _, size, kind, _, _ = self.fields[f]
        for value in formula.values(lambda other: self.number(other, record)):
            bits = bits_of(value, size, kind)
            if grid and bits is not None:
                place = place_of(grid, bits)
                bits = bits if place is None else place
            yield None if bits is None else in_order(bits, size, kind)

    def number(self, f, record):
        """The value of a field in binary64."""
        offset, size, kind, _, big = self.fields[f]
        bits = int.from_bytes(record[offset : offset + size], "big" if big else "little")
        value = exact(kind, size, bits)
        sign = -1 if bits >> 8 * size - 1 else 1
        if value is None:
            return math.nan if bits & (1 << FLOATS[size][0]) - 1 else sign * math.inf
        m, e = value
        negative_zero = kind == "f" and not m and bits >> 8 * size - 1
        return -0.0 if negative_zero else math.ldexp(m, e)

    def expected(self, f, record):
        grid, (form, constant, terms), _, _ = self.known[f]
        size, addends = self.fields[f][1], [constant]
        for term, minus in terms:
            offset, term_size, kind, _, big = self.fields[term]
            bits = int.from_bytes(record[offset : offset + term_size], "big" if big else "little")
            value = exact(kind, term_size, bits)
            if value is None:
                return 1 << 8 * size - 1
            m, e = value
            addends.append(((-1) ** minus * (m * m if form else m), 2 * e if form else e))
        addends = [(m, e) for m, e in addends if m]
        m, e = 0, 0
        if addends:
            e = max(e + m.bit_length() for m, e in addends) - 121 & ~1
            for part, at in addends:
                whole = abs(part) << at - e if at >= e else abs(part) >> e - at
                m += whole if part > 0 else -whole
            if form:
                m, e = math.isqrt(max(m, 0)), e // 2
        bits = nearest(size, m, e)
        if grid:
            place = place_of(grid, bits)
            bits = bits if place is None else place
        return in_order(bits, size, "f")


def in_order(bits, size, kind):
    sign = 1 << 8 * size - 1
    if kind != "f":
        return bits ^ (sign if kind == "s" else 0)
    return bits ^ (2 * sign - 1) if bits & sign else bits | sign


def out_of_order(code, size, kind):
    sign = 1 << 8 * size - 1
    if kind != "f":
        return code ^ (sign if kind == "s" else 0)
    return code ^ sign if code & sign else code ^ (2 * sign - 1)


def bits_of(value, size, kind):
    """The bits of the nearest value of a type, None where there is none that is finite."""
    if not math.isfinite(value):
        return None
    if kind != "f":
        low, high = (0, (1 << 8 * size) - 1) if kind == "u" else (-1 << 8 * size - 1, (1 << 8 * size - 1) - 1)
        return min(max(round(value), low), high) % (1 << 8 * size)
    if size == 4:
        value = single(value)
        return int.from_bytes(struct.pack("<f", value), "little") if math.isfinite(value) else None
    return int.from_bytes(struct.pack("<d", value), "little")


FLOATS = {2: (10, 5), 4: (23, 8), 8: (52, 11)}  # bits of significand and exponent; not bfloat16


def exact(kind, size, bits):
    """(m, e) of m * 2^e, None for infinity and NaN."""
    if kind != "f":
        return (bits - (1 << 8 * size) if kind == "s" and bits >> 8 * size - 1 else bits), 0
    significand, exponent = FLOATS[size]
    m, e = bits & (1 << significand) - 1, bits >> significand & (1 << exponent) - 1
    if e == (1 << exponent) - 1:
        return None
    m |= (e > 0) << significand
    e = max(e, 1) - (1 << exponent - 1) + 1 - significand
    return (-m if bits >> 8 * size - 1 else m), e


def half_even(m, shift):
    if shift <= 0:
        return m << -shift
    whole, rest, half = m >> shift, m & (1 << shift) - 1, 1 << shift - 1
    return whole + (rest > half or rest == half and whole & 1)


def nearest(size, m, e):
    """Bits of the float nearest to m * 2^e."""
    significand, exponent = FLOATS[size]
    sign, m = (1 << 8 * size - 1 if m < 0 else 0), abs(m)
    smallest = 2 - (1 << exponent - 1) - significand
    last = max(e + m.bit_length() - 1 - significand, smallest)
    rounded = half_even(m, last - e)
    bits = rounded if rounded < 1 << significand else (last - smallest << significand) + rounded
    return sign | min(bits, (1 << exponent) - 1 << significand)


def place_of(grid, bits):
    (digits, places), magnitude = grid, bits & 0x7FFFFFFF
    if magnitude >= 191 << 23:
        return None
    m, e = exact("f", 4, magnitude)
    ten = 10**digits
    k = max(0, ((e + m.bit_length() - 1) * 1233 >> 12) - digits + places) if m else 0
    while True:
        if places >= k:
            n = half_even(m * 10 ** (places - k), -e)
        else:
            n = (half_even(m, -e) + 10 ** (k - places) // 2) // 10 ** (k - places)
        if n < ten:
            break
        k += 1
    index = n if k == 0 else ten + (k - 1) * (ten // 10 * 9) + n - ten // 10
    return (bits & 1 << 31) | 3 << 29 | index if index < 1 << 29 else None


def value_of(grid, code):
    (digits, places), index = grid, code & (1 << 29) - 1
    ten = 10**digits
    k, n = 0, index
    if index >= ten:
        k, n = divmod(index - ten, ten // 10 * 9)
        k, n = k + 1, n + ten // 10
    if k - places > 20:
        return None
    if k >= places or n == 0:
        bits = nearest(4, n * 10 ** max(k - places, 0), 0)
    else:
        shift = 127 - n.bit_length()
        quotient, rest = divmod(n << shift, 10 ** (places - k))
        bits = nearest(4, quotient | (rest > 0), -shift)
    return (code & 1 << 31) | bits if bits < 191 << 23 else None


def swap(grid, bits):
    place = place_of(grid, bits)
    if place is not None and value_of(grid, place) == bits:
        return place
    if bits >> 29 & 3 == 3:
        value = value_of(grid, bits)
        if value is not None and place_of(grid, value) == bits:
            return value
    return bits


class RangeDecoder:
    def __init__(self, data):
        self.data, self.at, self.taken, self.range = data, 0, 0, (1 << 64) - 1
        self.code = 0
        for _ in range(8):
            self.code = self.code << 8 | self.byte()

    def byte(self):
        self.at += 1
        return self.data[self.at - 1] if self.at <= len(self.data) else 0

    def symbol(self, weights):
        freq = mixing.frequencies(weights)
        total = sum(freq)
        unit = self.range * (((1 << 64) - 1) // total) >> 64
        t, low, v = min(self.code // unit, total - 1), 0, 0
        while t >= low + freq[v]:
            low += freq[v]
            v += 1
        self.code -= unit * low
        self.range = unit * freq[v]
        self.renormalise()
        return v

    def raw(self, n):
        unit = self.range >> n
        value = min(self.code // unit, (1 << n) - 1)
        self.code -= unit * value
        self.range = unit
        self.renormalise()
        return value

    def decision(self, p):
        """1 with the probability p / 2^16."""
        ones = (self.range >> 16) * p
        y = int(self.code < ones)
        if y:
            self.range = ones
        else:
            self.code -= ones
            self.range -= ones
        self.renormalise()
        return y

    def renormalise(self):
        if self.range < 1 << 40:
            self.range <<= 24
            for _ in range(3):
                self.code = self.code << 8 | self.byte()
                self.taken += 1
            assert self.taken <= len(self.data), "length of the stream"

    def finish(self):
        assert self.taken <= len(self.data) <= self.taken + 8, "length of the stream"


class Slot:
    def __init__(self):
        self.check, self.total, self.pairs = 0, 0, []

    def halve(self):
        self.pairs = [[s, c // 2] for s, c in self.pairs if c >= 2]

    def add(self, symbol):
        p = next((i for i, (s, _) in enumerate(self.pairs) if s == symbol), None)
        if p is None:
            if len(self.pairs) == 28:
                self.halve()
                if len(self.pairs) == 28:
                    self.pairs.pop()
            self.pairs.append([symbol, SLOT_STEP])
        else:
            self.pairs[p][1] += SLOT_STEP
            if self.pairs[p][1] > 255 - SLOT_STEP:
                self.halve()
            elif p > 0 and self.pairs[p][1] > self.pairs[p - 1][1]:
                self.pairs[p - 1 : p + 1] = [self.pairs[p], self.pairs[p - 1]]
        self.total = sum(c for _, c in self.pairs)


class Table:
    def __init__(self):
        self.counts, self.total = [1] * 256, 256
        self.cost = [0] * 7
        self.trust = [[49152] * 64 for _ in range(6)]

    def remember(self, k, p):
        bits = max(0, (30 << 16) - log16(max(1, p)))
        self.cost[k] += bits - (self.cost[k] >> COST_DECAY)


class AdaptiveLane:
    def __init__(self, roles):
        self.now, self.last, self.older = [0] * roles, [0] * roles, [0] * roles
        self.history = [0] * 8
        self.prediction = None


class Adaptive:
    def __init__(self, schema, lanes):
        self.schema, self.slots = schema, {}
        self.lanes = [AdaptiveLane(schema.stride) for _ in range(lanes)]
        self.tables = [Table() for _ in range(min(4096, schema.stride))]

    def slot(self, i):
        return self.slots.setdefault(i, Slot())

    def find(self, hash):
        i, c = hash >> (32 - SLOTS), hash & 0xFFFF
        a, b = self.slot(i), self.slot(i ^ 1)
        second = a.check != c and (b.check == c or b.total < a.total)
        return (i ^ 1 if second else i), c

    def get(self, place):
        slot = self.slot(place[0])
        return slot if slot.check == place[1] else Slot()

    def contexts(self, lane, r):
        if self.schema.stride == 1:
            out = [mix(0, lane.history[0])]
            for k in range(1, 6):
                out.append(mix(out[-1], lane.history[k]))
            return out
        first, f = self.schema.role_first[r], self.schema.role_field[r]
        within = 0
        for s in lane.now[first:r]:
            within = mix(within, s)
        same = int(lane.now[first:r] == lane.last[first:r])
        above, neighbour = lane.last[r], 0
        if f > 0:
            offset, size, *_ = self.schema.fields[f - 1]
            for s in lane.now[offset : offset + min(2, size)]:
                neighbour = neighbour << 8 | s
        return [
            within,
            above << 1 | same,
            mix(within, above << 1 | same),
            mix(above << 8 | lane.older[r], same),
            mix(within, neighbour),
            lane.history[0] << 8 | lane.history[1],
        ]

    def predict(self, lane, r):
        table = self.tables[r % 4096]
        hashes = [finish(mix(c, 8 * r + k + 1)) for k, c in enumerate(self.contexts(lane, r))]
        places = [self.find(h) for h in hashes]
        x = [c - min(table.cost) for c in table.cost]
        raw = [
            16 + (0 if v >> 16 > 14 else ((1 << 14) - ((v & 0xFFFF) >> 3)) >> (v >> 16)) for v in x
        ]
        share = [(v << 16) // sum(raw) for v in raw]
        rest, classes, trusts, units = share[6] << 16, [], [], []
        for k in range(6):
            s = self.get(places[k])
            n = len(s.pairs)
            if n == 0:
                classes.append(None), trusts.append(0), units.append(0)
            else:
                a = n - 1 if n <= 4 else 4 if n <= 8 else 5 if n <= 16 else 6 if n <= 27 else 7
                b = min(7, max(1, s.total // 4).bit_length() - 1)
                classes.append(8 * a + b)
                trusts.append(table.trust[k][8 * a + b])
                units.append((trusts[k] << 14) // s.total)
            rest += share[k] * (65536 - trusts[k])
        unit = (rest >> 2) // table.total
        shift = max(0, unit.bit_length() - 16)
        weight = [(c * (unit >> shift)) << shift for c in table.counts]
        for k in range(6):
            for v, count in self.get(places[k]).pairs:
                weight[v] += count * (share[k] * units[k] >> 16)
        assert max(weight) <= U32
        lane.prediction = places, classes, trusts, units
        return weight

    def update(self, lane, r, symbol):
        table = self.tables[r % 4096]
        places, classes, trusts, units = lane.prediction
        base = (table.counts[symbol] << 30) // table.total
        for k in range(6):
            p = base
            if classes[k] is not None:
                n = dict(map(tuple, self.get(places[k]).pairs)).get(symbol, 0)
                p = min(U32, min(U32, units[k] * n) + ((65536 - trusts[k]) * base >> 16))
                t = table.trust[k][classes[k]]
                t += (65535 - t) >> TRUST_RATE if n > 0 else -(t >> TRUST_RATE)
                table.trust[k][classes[k]] = t
            table.remember(k, p)
            i, c = places[k]
            if self.slot(i).check != c:
                self.slots[i] = Slot()
                self.slots[i].check = c
            self.slot(i).add(symbol)
        table.remember(6, base)
        table.counts[symbol] += STEP
        table.total += STEP
        if table.total > TOTAL_LIMIT:
            table.counts = [c - c // 2 for c in table.counts]
            table.total = sum(table.counts)
        lane.now[r] = symbol
        lane.history = [symbol] + lane.history[:7]
        if r + 1 == self.schema.stride:
            lane.now, lane.last, lane.older = lane.older, lane.now, lane.last


class Networks:
    """Lanes of a network, as :class:`Adaptive`."""

    def __init__(self, network, lanes):
        self.lanes = [Lane(network) for _ in range(lanes)]

    def predict(self, lane, _):
        return lane.weights()

    def update(self, lane, _, symbol):
        lane.push(symbol)


def modelled(payload, n, lanes, schema, model):
    """n records."""
    coder = RangeDecoder(payload)
    each, more = divmod(n, lanes)
    out = [bytearray() for _ in range(lanes)]
    for s in range(each + (more > 0)):
        active = lanes if s < each else more
        records = [[] for _ in range(active)]
        for r in range(schema.stride):
            weights = [model.predict(model.lanes[i], r) for i in range(active)]
            symbols = [coder.raw(8) if w is None else coder.symbol(w) for w in weights]
            for i, symbol in enumerate(symbols):
                model.update(model.lanes[i], r, symbol)
                records[i].append(symbol)
        for i, record in enumerate(records):
            out[i] += schema.record(out[i][-schema.stride :], record)
    coder.finish()
    return b"".join(out)


def mixed(payload, n, schema, network=None, arrays=False):
    """n bytes of whole records, with a network beside the contexts if there is one."""
    plan = mixing.Plan(payload, n, schema, network is not None, arrays)
    coder = RangeDecoder(payload[plan.size :])
    out = mixing.decode(coder, plan, n, schema, network and Lane(network))
    coder.finish()
    return out


MAGIC = b"\x9eVXC\r\n\x1a\n"


def label_and_schema(data, at, labelled, schema_bytes, packed):
    """The schema, its stored bytes and the end of both sections."""
    if labelled:
        label_bytes = le(data, at, 2)
        assert 1 <= label_bytes <= 4096
        check_crc(data, at, at + 2 + label_bytes)
        data[at + 2 : at + 2 + label_bytes].decode()
        at += 2 + label_bytes + 4
    if not schema_bytes:
        return Schema(b"\1\0\0\4byte"), None, at
    check_crc(data, at, at + schema_bytes)
    stored = data[at : at + schema_bytes]
    if packed:
        unpacked = unzstd(stored[4:])
        assert schema_bytes < len(unpacked) == le(stored, 0, 4) <= 1 << 25
        stored = unpacked
    return Schema(stored), stored, at + schema_bytes + 4


def decode_block(predictor, schema, network, method, lanes, length, payload, tail, coded_tail):
    """The original bytes of a block, and whether all of them were decoded."""
    stored, whole = len(payload), True
    if method == 2:
        assert predictor and 1 <= lanes <= min(1024, length // schema.stride)
        assert stored < length and tail == length % schema.stride and coded_tail <= tail
        body, end = payload[: stored - coded_tail], payload[stored - coded_tail :]
        if predictor in (4, 5, 7):
            assert lanes == 1
            block = mixed(body, length - tail, schema, network, predictor == 7)
        elif predictor == 6:
            assert lanes == 1
            block = columns.decode(body, length // schema.stride, schema, unzstd)
        else:
            model = Networks(network, lanes) if predictor == 2 else Adaptive(schema, lanes)
            block = modelled(body, length // schema.stride, lanes, schema, model)
        whole = block is not None
        block = (block or bytes(length - tail)) + (end if coded_tail == tail else unzstd(end))
    else:
        assert method < 2 and lanes == tail == coded_tail == 0
        assert stored == length if method == 0 else 0 < stored < length
        block = payload if method == 0 else unzstd(payload)
    assert len(block) == length
    return block, whole


def short_member(data, start):
    """Original bytes and end of the short member at `start`, and whether all of them were decoded."""
    flags, predictor, coding = data[start + 9], data[start + 10], le(data, start + 11, 2)
    length, stored, at = le(data, start + 13, 2), le(data, start + 15, 2), start + 17
    coded_tail = schema_bytes = 0
    if flags & 32:
        coded_tail, at = le(data, at, 2), at + 2
    if flags & 1:
        schema_bytes, at = le(data, at, 2), at + 2
    at += 32 * (predictor in (2, 4))
    check_crc(data, start, at)
    assert not flags & ~57 and predictor in (0, 1, 2, 4, 5, 6, 7)
    assert (flags & 1) == (schema_bytes > 0) and (flags >> 5 & 1) == (coded_tail > 0)
    assert flags & 1 or not flags & 16
    method, lanes = coding >> 14, coding & 0x3FFF
    schema, _, at = label_and_schema(data, at + 4, flags & 8, schema_bytes, flags & 16)
    assert predictor not in (2, 4) or method < 2, "this reader needs the model in the file"
    payload, end = data[at : at + stored], at + stored
    assert len(payload) == stored, "truncated"
    check_crc(data, end, end + 38)
    assert zlib.crc32(payload) == le(data, end, 4), "payload checksum"
    assert le(data, end + 36, 2) == end + 43 - start and data[end + 42] == 0x9F, "end"
    block, whole = b"", True
    if length:
        tail = length % schema.stride if method == 2 else 0
        block, whole = decode_block(
            predictor, schema, None, method, lanes, length, payload, tail, coded_tail
        )
        assert (tail > 0) == (coded_tail > 0)
    else:
        assert stored == coding == coded_tail == 0
    assert blake3 is None or not whole or blake3(block).digest() == data[end + 4 : end + 36]
    return block, end + 43, whole


def member(data, start):
    """Original bytes and end of the member at `start`, and whether all of them were decoded."""
    assert data[start : start + 8] == MAGIC, "magic"
    if data[start + 8] == 4:
        return short_member(data, start)
    assert data[start + 8] == 1, "version"
    check_crc(data, start, start + 56)
    flags, predictor, reserved = data[start + 9 : start + 12]
    assert not flags & ~27 and predictor in (0, 1, 2, 4, 5, 6, 7) and reserved == 0
    digest = data[start + 24 : start + 56]
    block_bytes, schema_bytes, model_bytes = (le(data, start + at, 4) for at in (12, 16, 20))
    assert 512 <= block_bytes <= 1 << 26 and (flags & 1) == (schema_bytes > 0)
    assert (flags >> 1 & 1) == (model_bytes > 0)
    assert predictor in (2, 4) or model_bytes == 0 and digest == bytes(32)
    assert predictor not in (2, 4) or model_bytes, "this reader needs the model in the file"
    schema, stored, at = label_and_schema(data, start + 60, flags & 8, schema_bytes, flags & 16)
    network = None
    if model_bytes:
        model = data[at : at + model_bytes]
        assert len(model) == model_bytes, "truncated"
        assert blake3 is None or blake3(model).digest() == digest, "digest of the model"
        network, at = Network(model, unzstd, Schema, blake3), at + model_bytes
        assert stored in (None, network.schema_bytes), "schema of the model"
        schema = network.schema
    assert block_bytes % schema.stride == 0
    original, entries, all_whole = b"", b"", True
    while data[at] == 0xB1:
        check_crc(data, at, at + 24)
        method, lanes = data[at + 1], le(data, at + 2, 2)
        length, stored = le(data, at + 4, 4), le(data, at + 8, 4)
        tail, coded_tail = le(data, at + 12, 2), le(data, at + 14, 2)
        assert len(original) % block_bytes == 0 and 0 < length <= block_bytes
        payload = data[at + 28 : at + 28 + stored]
        assert len(payload) == stored, "truncated"
        assert zlib.crc32(payload) == le(data, at + 20, 4), "payload checksum"
        block, whole = decode_block(
            predictor, schema, network, method, lanes, length, payload, tail, coded_tail
        )
        all_whole &= whole
        assert not all_whole or zlib.crc32(block) == le(data, at + 16, 4), "block"
        original += block
        entries += length.to_bytes(4, "little") + (28 + stored).to_bytes(4, "little")
        at += 28 + stored
    assert data[at : at + 4] == b"\xe2\0\0\0", "index"
    check_crc(data, at, at + 12)
    n_blocks, footer = len(entries) // 8, at + 16 + len(entries)
    assert le(data, at + 4, 8) == n_blocks and data[at + 16 : footer] == entries
    check_crc(data, footer, footer + 68)
    found = [le(data, footer + 8 * i, 8) for i in range(4)]
    assert found == [len(original), n_blocks, at - start, footer + 80 - start], "footer"
    assert le(data, footer + 64, 4) == zlib.crc32(entries)
    sound = not all_whole or blake3 is None or blake3(original).digest() == data[footer + 32 : footer + 64]
    assert sound, "digest"
    assert data[footer + 72 : footer + 80] == b"\x9eVXE\r\n\x1a\n", "end magic"
    return original, footer + 80, all_whole


def read(data):
    """The original bytes, and whether all of them were decoded."""
    original, at, all_whole = b"", 0, True
    while at < len(data) or at == 0:
        part, at, whole = member(data, at)
        original += part
        all_whole &= whole
    return original, all_whole


def main(arguments):
    if arguments[:1] != ["--golden"]:
        original, whole = read(Path(arguments[0]).read_bytes())
        if not whole:
            sys.exit("columns of pcodec need the Python package pcodec: pip install pcodec numpy")
        sys.stdout.buffer.write(original)
        return
    for path in sorted(Path(arguments[1]).glob("*.vxc")):
        try:
            original, whole = read(path.read_bytes())
            note = "" if whole else "columns not decoded, which needs the package pcodec: "
            result = f"{note}{len(original)} bytes"
        except (AssertionError, IndexError, UnicodeDecodeError) as error:
            result = f"refused: {error}"
        # Some faults are found only with BLAKE3.
        expected = path.name.startswith("bad_") != result.endswith("bytes")
        skip = path.name.endswith("digest.vxc") and blake3 is None
        print(path.name, result, "" if expected else "skipped" if skip else "WRONG")


if __name__ == "__main__":
    main(sys.argv[1:])
