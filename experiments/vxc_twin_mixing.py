"""The mixing predictor of `vxc_twin.py`, written from docs/mixing.md (and docs/format.md) alone.

Names and order are those of the page. Readable first: about a KB a second.
"""
import math
import zlib
from bisect import bisect_left, bisect_right

U32, U64 = (1 << 32) - 1, (1 << 64) - 1


def clamp(x, low, high):
    return min(high, max(low, x))


def i32(x):
    return (x + (1 << 31) & U32) - (1 << 31)


def log2(x):
    return x.bit_length() - 1


RECORD_CONTEXTS, MIXED_CONTEXTS = 28, 27
LOG = [round(65536 * math.log2(1 + i / 256)) for i in range(257)]


def frequencies(weights):
    s = 0
    while sum((w >> s) + 1 for w in weights) >= 1 << 24:
        s += 1
    return [(w >> s) + 1 for w in weights]


def log16(x):
    """`log` of docs/format.md: log2 in 2^-16."""
    e = x.bit_length() - 1
    m = (x << (31 - e)) & ((1 << 31) - 1)
    i, q = m >> 23, m >> 7 & 0xFFFF
    return (e << 16) + LOG[i] + (((LOG[i + 1] - LOG[i]) * q + (1 << 15)) >> 16)


# Plan


class PlanReader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        assert self.at < len(self.data), "the plan ends early"
        self.at += 1
        return self.data[self.at - 1]

    def number(self):
        value = 0
        for shift in range(0, 35, 7):
            byte = self.byte()
            value |= (byte & 127) << shift
            if byte < 128:
                assert value <= U32, "a number of the plan is too large"
                return value
        raise AssertionError("a number of the plan is too long")


class Region:
    """A run of bytes: text where `width` is 0, otherwise numbers."""

    def __init__(self, plan, n, left):
        self.bytes, code = plan.number(), plan.byte()
        self.width, self.far, self.flat = 0, [0, 0], 0
        assert 0 < self.bytes <= left, "length of a region"
        if code == 0:
            return
        assert code & 128 and code & 3 < 3, "code of a region"
        self.form, self.width = code & 3, 1 << (code >> 2 & 3)
        self.order = "big" if code & 64 else "little"
        assert self.bytes % self.width == 0, "length of a region"
        for j, bit in enumerate([32, 16]):
            if code & bit:
                self.far[j] = plan.number()
                assert self.width <= self.far[j] < n, "distance of a region"
        self.flat = plan.number()
        assert self.flat <= self.width, "flat bytes of a region"


class Plan:
    """The first bytes of the payload of `n` bytes of whole records. `size` is the plan's length."""

    def __init__(self, payload, n, schema, mixed, arrays=False):
        reader = PlanReader(payload)
        self.regions, kind = None, reader.byte()
        assert kind == 0 or kind == 1 and (arrays or schema.stride == 1), "kind"
        raw = not mixed or schema.fields[0][3] == 0 and not any(schema.known[0])
        assert kind == 0 or raw, "regions beside a network of symbols"
        self.slots, self.contexts = reader.byte(), reader.byte()
        most = 17 if kind else MIXED_CONTEXTS if mixed else RECORD_CONTEXTS
        assert 1 <= self.contexts <= most, "contexts"
        assert 4 <= self.slots <= clamp(log2(max(1, 2 * self.contexts * n)), 4, 23), "slots"
        if kind:
            self.regions, left = [], n
            count = reader.number()
            assert count <= 16 + n // 64, "regions"
            for _ in range(count):
                self.regions.append(Region(reader, n, left))
                left -= self.regions[-1].bytes
            assert left == 0, "regions"
            assert not mixed or not any(region.width for region in self.regions), "numbers"
        else:
            self.flat = []
            runs = reader.number()
            for run in range(runs):
                length = reader.number()
                assert len(self.flat) + length <= schema.stride, "runs"
                self.flat += [run % 2 == 1] * length
            self.flat += [runs % 2 == 1] * (schema.stride - len(self.flat))
            self.partners, f = [None] * len(schema.fields), 0
            for _ in range(reader.number()):
                f += reader.number()
                assert f < len(schema.fields), "field with a partner"
                self.partners[f] = reader.number()
                assert self.partners[f] < f, "partner"
                f += 1
        self.size = reader.at


# Curves: SQUASH[x + 3072] is squash(x), STRETCH[p >> 4] is stretch(p)


def curves():
    power, right = 1 << 62, []
    for _ in range(3073):
        right.append(clamp((1 << 78) // ((1 << 62) + power), 1, 65535))
        power = power * 4278222805 >> 32
    squashed = [65536 - q for q in right[:0:-1]] + right
    stretched = [bisect_left(squashed, 16 * p + 8) - 3072 for p in range(4096)]
    for table, signed, crc in (squashed, False, 0xE5BD4F7A), (stretched, True, 0x917489E2):
        stored = b"".join(v.to_bytes(2, "little", signed=signed) for v in table)
        assert zlib.crc32(stored) == crc
    return squashed, stretched


SQUASH, STRETCH = curves()


def squash(x):
    return SQUASH[clamp(x, -3072, 3072) + 3072]


# Hashes


def mix(h, v):
    h = (h << 5 | h >> 27) & U32
    return ((h ^ v & U32) * 0x9E3779B1 + 0x7F4A7C15) & U32


def finish(h):
    g = (h ^ h >> 15) * 0x85EBCA6B & U32
    return g ^ g >> 13


def hash_of(kind, i, c):
    return finish(mix(mix(c, kind), i + 1))


def hashes(kind, contexts):
    return [hash_of(kind, i, c) for i, c in enumerate(contexts)]


def chain(h, symbols):
    for s in symbols:
        h = mix(h, s + 1)
    return h


def wide(v):
    return mix(mix(v & U32, v >> 32), 7)


class Match:
    def __init__(self, symbols):
        self.t = clamp(log2(max(1, symbols)), 8, 20)
        self.past, self.last, self.at, self.length = [], {}, 0, 0

    def expected(self):
        return self.past[self.at] if self.length else None

    def push(self, symbol, kind):
        past = self.past
        if self.length and symbol == past[self.at]:
            self.length = min(self.length + 1, 65535)
            self.at += 1
        else:
            self.length = 0
        past.append(symbol)
        z = len(past)
        if z < 6:
            return
        h = kind
        for s in past[z - 6 :]:
            h = mix(h, s)
        j = finish(h) % (1 << self.t)
        if self.length == 0:
            a = self.last.get(j, 0)
            c = 0
            while c < min(64, a) and past[a - c - 1] == past[z - c - 1]:
                c += 1
            if c >= 6:
                self.at, self.length = a, c
        self.last[j] = z


# Nodes: RISE[level][j] is rise(level, j)


def rises():
    twice_n = [3, 5, 7, 9, 11, 15, 19, 27, 35, 51, 67, 99, 131, 195, 259, 387]
    one, e = 1 << 40, [1 << 40]
    while len(e) < 36000:
        e.append(e[-1] * 4293918848 >> 32)
    table = []
    for n in twice_n:
        row = []
        for j in range(512):
            t = (8 * j + 4 + 2048) % 4096 - 2048
            o, w = (one, e[16 * t]) if t >= 0 else (e[-16 * t], one)
            need, have = (n - 2) * o * one, n * o + 2 * w
            row.append(bisect_right(e, -need, key=lambda e_k: -e_k * have) - 1)
        table.append(row)
    stored = b"".join(v.to_bytes(2, "little") for row in table for v in row)
    assert zlib.crc32(stored) == RISES_CRC, hex(zlib.crc32(stored))
    return table


RISES_CRC = 0x446AAF65
RISE = rises()


def move(s, level, y, chance):
    t = s if y else -1 - s
    t = min(2047, t + (RISE[level][t % 4096 // 8] + (chance >> 12) >> 4))
    if level < 15 and chance % (1 << max(0, level // 2 - 1)) == 0:
        level += 1
    return (t if y else -1 - t), level


# One symbol. A slot is a list: its check, the 15 `s` of its nodes, their 15 levels
CHECK, S, LEVEL = 0, 1, 16
EMPTY = [0] * 31
OFTEN = [0] + [1] * 3 + [2] * 6 + [3] * 6
NO_FORECASTS = [0] * 6


class Mixer:
    """Sets of weights, made when they are first used."""

    def __init__(self, start):
        self.new, self.sets, self.used = start, {}, {}

    def weights(self, i):
        if i not in self.sets:
            self.sets[i], self.used[i] = self.new[:], 0
        return self.sets[i]


def said(weights, x):
    return clamp(i32(sum([(w >> 16) * v for w, v in zip(weights, x)])) >> 12, -3072, 3072)


def moved(weights, x, error):
    """The same as a loop of `i32(w + v * error)`, 2^31 added before and taken away after."""
    return [(w + v * error + 0x80000000 & U32) - 0x80000000 for w, v in zip(weights, x)]


# Beside a network: the first weights of contexts and the like, of the network, and of the final mixer
ADVISED = [1 << 24, [3 << 26, 0], [1 << 25] * 4 + [1 << 26, 1 << 25, 1 << 27, 0]]


def advised(freq, node, bit):
    """The inputs of the network; None where the role is flat for it."""
    if freq is None:
        return [0, 0]
    low = (node << bit + 1) % 256
    zeros, ones = sum(freq[low : low + (1 << bit)]), sum(freq[low + (1 << bit) : low + (2 << bit)])
    stretched = clamp((log16(ones) - log16(zeros)) * 2839 >> 20, -3072, 3072)
    return [stretched, squash(stretched) - 32768 >> 6]


class Model:
    """Slots, match, mixers and corrections: all that codes one symbol after another."""

    def __init__(self, coder, plan, roles, symbols, lane=None):
        self.coder, self.bits, self.contexts = coder, plan.slots, plan.contexts
        self.roles, self.slots, self.match = min(roles, 1024), {}, Match(symbols)
        self.forecasts, self.lane = plan.regions is not None, lane
        inputs = self.contexts + (9 if self.forecasts else 3)
        if lane:
            self.mixers = [Mixer([ADVISED[0]] * inputs + ADVISED[1]) for _ in range(5)]
            self.final = Mixer(ADVISED[2])
        else:
            self.mixers = [Mixer([1 << 25] * inputs) for _ in range(4)]
            self.final = Mixer([1 << 26] * 5)
        self.corrections = [{}, {}]
        self.match_p, self.lcg = [32768] * 512, 1

    def find(self, hashes, node):
        """The slots of the contexts."""
        slots, salt, there = self.slots, node * 0x2545F491 & U32, []
        for h in hashes:
            z = (h + salt & U32) * 0x9E3779B97F4A7C15 & U64
            i, c = 2 * (z >> (65 - self.bits)), z >> 16 & 0xFFFF | 1
            a, b = slots.get(i, EMPTY), slots.get(i + 1, EMPTY)
            second = a[CHECK] != c and (b[CHECK] == c or b[LEVEL] < a[LEVEL])
            there.append((i + second, c))
        places = []
        for i, c in there:
            slot = slots.setdefault(i, EMPTY[:])
            if slot[CHECK] != c:
                # In place: an earlier context may hold this slot.
                slot[:] = [c] + EMPTY[1:]
            places.append(slot)
        return places

    def correction(self, k, i):
        return self.corrections[k].setdefault(i, [squash(256 * j - 3072) for j in range(25)])

    def symbol(self, hashes, role, group, equal, forecasts=lambda node, bit: NO_FORECASTS):
        """Decodes a symbol. `group` is the class; `forecasts` gives six inputs for a decision."""
        r, node = role % self.roles, 1
        weights = self.lane and self.lane.weights()
        freq = frequencies(weights) if weights else None
        expected, length = self.match.expected(), self.match.length
        for bit in range(7, -1, -1):
            if bit in (7, 3):
                places = self.find(hashes, node)
            if bit >= 4:
                leaf = node - 1
            else:
                leaf = node % (1 << 3 - bit) + (1 << 3 - bit) - 1
            x, levels = [s[S + leaf] for s in places], [s[LEVEL + leaf] for s in places]
            nodes = list(zip(places, x, levels))

            matched = e = 0
            if expected is not None and (256 + expected) >> (bit + 1) == node:
                matched, e = clamp(length, 1, 15), expected >> bit & 1
            m = (8 * matched + bit) * 4 + equal
            if matched:
                sign, p_m = (1 if e else -1), self.match_p[m]
                x += [sign * STRETCH[p_m >> 4], sign * (p_m - 32768 >> 6), 80]
            else:
                x += [0, 0, 80]
            if self.forecasts:
                x += forecasts(node, bit)

            sets = [8 * r + bit, 256 * group + node, m, 0]
            for level in levels[:5]:
                sets[3] = 4 * sets[3] + OFTEN[level]
            if self.lane:
                advice = advised(freq, node, bit)
                x += advice
                sets.append((8 * (advice[0] + 3200 >> 8) + bit) * 16 + group // 4 % 16)
            said_ = [said(mixer.weights(i), x) for mixer, i in zip(self.mixers, sets)]
            says = said_[:4] + [80]
            if self.lane:
                says += said_[4:] + advice
            s = said(self.final.weights(sets[0]), says)
            p_s = SQUASH[s + 3072]

            u = min(s + 3072, 6143)
            i, part = u >> 8, u & 255
            salted = (hashes[0] ^ node * 0x9E3779B1 & U32) * 0x85EBCA6B & U32
            curve = [self.correction(0, sets[0]), self.correction(1, salted >> 20)]
            v = [(c[i] * (256 - part) + c[i + 1] * part) >> 8 for c in curve]
            y = self.coder.decision(clamp(2 * p_s + v[0] + v[1] >> 2, 1, 65535))

            target = 65535 * y
            for mixer, i_set, said_i in zip(self.mixers, sets, said_):
                error, used = target - SQUASH[said_i + 3072], mixer.used[i_set]
                error = error * (4096 + 245760 // (used + 16)) >> 12
                error = clamp(error + 4 >> 3, -32767, 32767)
                mixer.used[i_set] = min(255, used + 1)
                mixer.sets[i_set] = moved(mixer.sets[i_set], x, error)
            error = target - p_s + 8 >> 4 if self.lane else target - p_s + 4 >> 3
            self.final.sets[sets[0]] = moved(self.final.sets[sets[0]], says, error)
            for c in curve:
                c[i + (part >= 128)] += target - c[i + (part >= 128)] >> 7
            self.lcg = self.lcg * 0x2C9277B5 + 0xAC564B05 & U32
            for slot, s_k, level in nodes:
                slot[S + leaf], slot[LEVEL + leaf] = move(s_k, level, y, self.lcg >> 16)
            if matched:
                self.match_p[m] += 65535 * (e == y) - self.match_p[m] >> 6
            node = 2 * node + y
        return node - 256


# Records


def value(symbols):
    return int.from_bytes(bytes(symbols), "big")


def field_hashes(schema, f, now):
    """`Z`: the hashes one, two and all of a field."""
    if f is None or f < 0:
        return 0, 0, 0
    first, size = schema.fields[f][:2]
    s = now[first : first + size]
    return chain(0, s[:1]), chain(0, s[:2]), chain(0, s)


def record_contexts(schema, plan, r, now, ups, H):
    """The hashes of the contexts of a symbol of role `r`, and same, same2."""
    f, first = schema.role_field[r], schema.role_first[r]
    size, rank = schema.fields[f][1], r - first
    end, below = first + size, 8 * (size - 1 - rank)
    up, up2, up3 = ups
    w_one, w_two, w_all = field_hashes(schema, f - 1, now)
    w2_one, _, w2_all = field_hashes(schema, f - 2, now)
    w3_one, w3_two, _ = field_hashes(schema, f - 3, now)
    p_one, _, p_all = field_hashes(schema, plan.partners[f], now)
    here = now[first:r]
    known = chain(0, here)
    same, same2 = int(here == up[first:r]), int(here == up2[first:r])
    a, a2, a3 = up[r], up2[r], up3[r]
    above, so_far = chain(0, up[first:end]), chain(0, up[first : r + 1])
    value_up = value(up[first:end])
    line = (2 * value_up - value(up2[first:end])) & U64

    def away(v):
        return clamp(value(here) - (v >> below >> 8) % (1 << 8 * rank), -2, 2) & U32

    left = 0
    if f > 0 and schema.fields[f - 1][1] == size:
        left = value(now[first - size : first])

    def near(v):
        return mix(away(v), (v >> below) & 255)

    everybody = True
    contexts = [
        (known,),
        (mix(same, a),),
        (mix(known, w_two),),
        (mix(known, above),),
        (mix(mix(known, w_all), above),),
        (mix(known, w_one),),
        (mix(known, w2_one),),
        (mix(known, w2_all),),
        (mix(mix(known, a), mix(a2, a3)),),
        (mix(known, p_one),) if plan.partners[f] is not None else (known, everybody),
        (mix(mix(mix(known, w_one), w2_one), w3_two),),
        (H & 0xFFFF, everybody),
        (mix(so_far, known), everybody),
        (mix(same, a), everybody),
        (known, everybody),
        (near(left), everybody),
        (mix(known, p_all),),
        (mix(mix(known, w_one), a),),
        (near(left),),
        (near(line), everybody),
        (near(line),),
        (mix(mix(known, w_one), w2_one),),
        (mix(known, p_one), everybody),
        (mix(mix(known, a), mix(a2, a3)), everybody),
        (mix(mix(2 * same + same2, a), a2), everybody),
        (H & 0xFFFFFF,),
        (H & 0xFFFF,),
        (mix(so_far, known),),
    ]
    kinds = [65536 + 256 * size + rank if len(c) > 1 else r for c in contexts]
    found = [hash_of(kinds[i], i, contexts[i][0]) for i in range(plan.contexts)]
    return found, same, same2


def records(coder, plan, n, schema, lane):
    stride, count = schema.stride, n // schema.stride
    model = Model(coder, plan, stride, count * plan.flat.count(False), lane)
    out, history = bytearray(), 0
    ups = [[0] * stride] * 3
    for _ in range(count):
        now = []
        for r in range(stride):
            if plan.flat[r]:
                if lane:
                    lane.weights()
                symbol = coder.raw(8)
            else:
                found, same, same2 = record_contexts(schema, plan, r, now, ups, history)
                rank, equal = r - schema.role_first[r], 2 * same + same2
                symbol = model.symbol(found, r, 4 * rank + equal, equal)
                model.match.push(symbol, r)
            if lane:
                lane.push(symbol)
            now.append(symbol)
            history = (256 * history + symbol) & U64
        out += schema.record(out[-stride:], now)
        ups = [now] + ups[:2]
    return bytes(out)


# Numbers


class Numbers:
    """Forecasts and contexts; `scales` of each width are kept between regions."""

    def __init__(self, model):
        self.model = model
        self.scales = {width: [1 << 30] * 6 for width in (1, 2, 4, 8)}

    def read(self, region, out, d):
        """back(d), where the next number begins at the end of `out`."""
        width, at = region.width, len(out) - d
        if at < 0:
            return 0
        return self.turned(region, int.from_bytes(out[at : at + width], region.order))

    def turned(self, region, bits):
        sign = 1 << 8 * region.width - 1
        if region.form == 0:
            return bits
        return bits ^ (2 * sign - 1 if region.form == 2 and bits & sign else sign)

    def turned_back(self, region, number):
        sign = 1 << 8 * region.width - 1
        if region.form == 0:
            return number
        return number ^ (2 * sign - 1 if region.form == 2 and not number & sign else sign)

    def region(self, region, out):
        width, scales = region.width, self.scales[region.width]
        lost, most = (8 if width == 8 else 0), (1 << 8 * width) - 1
        for _ in range(region.bytes // width):
            n1, n2, n3, n4 = (self.read(region, out, k * width) for k in (1, 2, 3, 4))
            d = [far or 2 * width for far in region.far]
            y, z = ([self.read(region, out, e + more) for e in d] for more in (0, width))
            far = y[0] if region.far[0] else n3

            def go(v, z):
                return clamp(n1 + v - z, 0, most)

            rule = [n1, go(n1, n2), y[0], go(y[0], z[0]), y[1], go(y[1], z[1])]
            number = self.number(width, region.flat, lost, rule, (n1, n2, n3, n4), far)
            bits = self.turned_back(region, number)
            out += bits.to_bytes(width, region.order)
            for j in range(6):
                error = min(abs((number >> lost) - (rule[j] >> lost)), 1 << 52)
                scales[j] = max(4, scales[j] + (23 * error // 2 - scales[j] >> 3))

    def number(self, width, flat, lost, rule, near, far):
        scales, so_far = self.scales[width], 0
        centers = [v >> lost for v in rule]
        inverses = [(1 << 28) // s for s in scales]
        grades = [log2(s) for s in scales]
        for rank in range(width):
            if rank >= width - flat:
                symbol = self.model.coder.raw(8)
                so_far = 256 * so_far + symbol
                self.model.match.push(symbol, 1 + rank)
                continue

            def forecasts(node, bit):
                B = 8 * (width - 1 - rank) - lost + bit
                if B < 0:
                    return NO_FORECASTS
                low = 256 * so_far + (node << bit + 1) % 256 << B - bit
                return [forecast(low, B, c, i) for c, i in zip(centers, inverses)]

            contexts, equal = number_contexts(width, rank, so_far, rule, grades, near, far)
            found = hashes(16 * width + rank, contexts[: self.model.contexts])
            role, group = 15 + width + rank, 16 + 4 * rank + equal
            symbol = self.model.symbol(found, role, group, equal, forecasts)
            self.model.match.push(symbol, 1 + rank)
            so_far = 256 * so_far + symbol
        return so_far


def forecast(low, B, center, inverse):
    if inverse == 0:
        return 0
    e0, e1, e2 = (
        clamp(clamp(v - center, -1 << 36, 1 << 36) * inverse >> 16, -4096, 4096)
        for v in (low, low + (1 << B), low + (2 << B))
    )
    whole = squash(e2) - squash(e0)
    if whole < 2:
        return 1024 if e2 <= 0 else -1024 if e0 >= 0 else 0
    return STRETCH[clamp((squash(e2) - squash(e1) << 16) // whole, 16, 65519) >> 4]


def number_contexts(width, rank, so_far, rule, grades, near, far):
    """The contexts of a symbol of a number, and equal."""
    n1, n2, n3, n4 = near
    below = 8 * (width - 1 - rank)
    known = mix(wide(so_far), rank + 1)

    def byte(v):
        return (v >> below) & 255

    def top(v):
        return v >> 8 * width - 8

    def same(v):
        return int(v >> below >> 8 == so_far)

    def says(j):
        off = clamp(so_far - (rule[j] >> below >> 8), -2, 2) & U32
        finer = (rule[j] >> below - 2) % 4 if below else 0
        return mix(mix(mix(off, 4 * byte(rule[j]) + finer), grades[j] >> 1), j)

    W1, W2, W3, W4, WF = (wide(v) for v in (n1, n2, n3, n4, far))
    three = 4 * same(n1) + 2 * same(n2) + same(n3)
    contexts = [
        known,
        mix(known, W1),
        mix(mix(three, byte(n1)), mix(byte(n2), byte(n3))),
        mix(mix(known, WF), W1),
        says(0),
        mix(same(n1), byte(n1)),
        says(3),
        mix(mix(known, WF), 3),
        says(2),
        mix(mix(known, top(n1)), top(n2)),
        says(1),
        mix(mix(known, W1), W2),
        says(4),
        mix(mix(2 * same(far) + same(n1), byte(far)), byte(n1)),
        says(5),
        mix(known, W2),
        mix(mix(mix(mix(known, W1), W2), W3), W4),
    ]
    return contexts, 2 * same(n1) + same(far)


# Text


def group_of(byte):
    if byte >= 128:
        return 13 if byte == 255 else 12
    c = chr(byte)
    if "0" <= c <= "9":
        return 0
    if c in "eE":
        return 5
    if "a" <= c <= "z":
        return 6
    if "A" <= c <= "Z":
        return 7
    for group, members in (1, " "), (2, "\n"), (3, "."), (4, "-+"), (8, ",;:\t"), (9, "\"'<>/"):
        if c in members:
            return group
    return 10 if byte == 0 else 11 if byte < 32 else 14


GROUPS = [group_of(b) for b in range(256)]
IN_WORD = [b >= 128 or chr(b).isalnum() for b in range(256)]
ENDS_COLUMN = b" ,\t;"


class Text:
    def __init__(self, model):
        self.model, self.text, self.recent = model, bytearray(), 0
        self.word = self.word_before = self.column = self.column_before = 0
        self.type = self.line = self.line_before = 0
        self.starts, self.above = [0], [[] for _ in range(256)]

    def region(self, region, out):
        for _ in range(region.bytes):
            found = (hashes(0, self.contexts()) + [0])[: self.model.contexts]
            group = GROUPS[self.recent & 255]
            byte = self.model.symbol(found, group, group, 0)
            if self.model.lane:
                self.model.lane.push(byte)
            self.take(byte)
            self.model.match.push(byte, 0)
            out.append(byte)

    def take(self, byte):
        self.text.append(byte)
        z = len(self.text)
        self.recent = (256 * self.recent + byte) & U64
        if IN_WORD[byte]:
            self.word = mix(self.word, byte + 1)
        elif self.word:
            self.word_before, self.word = self.word, 0
        if byte == 10:
            self.above[self.type], self.starts = self.starts, [z]
            self.line_before, self.line = self.line, z
            self.column_before, self.column, self.type = self.column, 0, 0
        elif byte in ENDS_COLUMN:
            if len(self.starts) < 255:
                self.starts.append(z)
            self.column_before, self.column = self.column, 0
        else:
            if z == self.line + 1:
                self.type = byte
            self.column = mix(self.column, byte + 1)

    def read(self, i):
        return self.text[i] + 1 if i < len(self.text) else 0

    def order(self, k):
        v = self.recent & (1 << 8 * k) - 1
        return mix(mix(v & U32, v >> 32), k)

    def contexts(self):
        z, ncol, order = len(self.text), len(self.starts), self.order
        column, column_before = self.column, self.column_before
        inside, cell = z - self.starts[-1], mix(self.type, ncol)
        above = self.above[self.type]
        over = self.read(above[ncol - 1] + inside) if len(above) >= ncol else 0
        i = self.line_before + z - self.line
        straight = self.read(i) if i < self.line else 0
        latest = self.recent & 255
        return [
            order(1),
            order(2),
            order(3),
            mix(cell, column),
            order(4),
            mix(mix(cell, over), inside),
            mix(self.word, cell),
            order(6),
            mix(mix(column, column_before), 1),
            order(5),
            mix(mix(cell, over), column),
            mix(straight, latest),
            mix(self.word, self.word_before),
            mix(mix(cell, inside), latest),
            order(8),
            mix(mix(column, column_before), cell),
        ]


def decode(coder, plan, n, schema, lane=None):
    """The `n` bytes of whole records that `coder` holds; `lane` is that of a network."""
    if plan.regions is None:
        return records(coder, plan, n, schema, lane)
    model, out = Model(coder, plan, 31, n, lane), bytearray()
    text, numbers = Text(model), Numbers(model)
    for region in plan.regions:
        (numbers if region.width else text).region(region, out)
    return bytes(out)
