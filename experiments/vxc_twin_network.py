"""The integer network of `vxc_twin.py`: docs/numerics.md, and "Model files" of docs/format.md.

Names and order are those of the pages. One lane, readable first: for tiny networks.
"""
import math
import struct


def rs(a, s):
    return a + ((1 << s) >> 1) >> s


def clamp8(a):
    return min(127, max(-127, a))


def rows(numbers, width):
    return [numbers[i : i + width] for i in range(0, len(numbers), width)]


class Numbers:
    """The numbers of a network, one after the other."""

    SIZES = {"i8": "b", "u8": "B", "i16": "h", "u16": "H", "i32": "i", "u32": "I"}

    def __init__(self, data, version):
        self.data, self.at, self.version = data, 0, version

    def __call__(self, kind, *shape):
        """`[a][b]` as nested lists; one number without a shape."""
        layout = f"<{math.prod(shape)}{self.SIZES[kind]}"
        found = list(struct.unpack_from(layout, self.data, self.at))
        self.at += struct.calcsize(layout)
        for width in shape[:0:-1]:
            found = rows(found, width)
        return found if shape else found[0]


class Linear:
    def __init__(self, numbers, n_out, n_in):
        self.weight, self.shift = numbers("i8", n_out, n_in), numbers("u8", n_out)
        self.bias = [0] * n_out
        if numbers.version >= 2 and numbers("u8"):
            self.bias = numbers("i32", n_out)

    def __call__(self, q):
        rows = zip(self.weight, self.bias, self.shift)
        return [rs(dot(row, q) + bias, shift) for row, bias, shift in rows]

    def eight(self, q):
        return [clamp8(y) for y in self(q)]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def norm(c, x):
    inv = c // (math.isqrt(sum(v * v for v in x)) + 1)
    return [clamp8(v * inv + (1 << 19) >> 20) for v in x]


class Tables:
    def __init__(self, numbers, n_tables, width):
        self.table, self.shift = numbers("i8", n_tables, 256, width), numbers("u8")

    def emb(self, kind, v, scale):
        return [t * s for t, s in zip(self.table[kind][v], scale)]


class SwiGlu:
    def __init__(self, numbers, width):
        hidden, self.norm = numbers("u32"), numbers("u32")
        self.gate, self.up = (Linear(numbers, hidden, width) for _ in range(2))
        self.silu, self.shift = numbers("i16", 256), numbers("u8")
        self.down = Linear(numbers, width, hidden)

    def add(self, x):
        q = norm(self.norm, x)
        pairs = zip(self.gate.eight(q), self.up.eight(q))
        h = [clamp8(rs(self.silu[a + 128] * b, self.shift)) for a, b in pairs]
        return plus(x, self.down(h))


def plus(*vectors):
    return [sum(values) for values in zip(*vectors)]


class Layer:
    def __init__(self, numbers, d, heads, memory):
        self.norm = numbers("u32")
        self.wq, self.wk, self.wv = (Linear(numbers, d, d) for _ in range(3))
        self.score_shift, self.wo = numbers("u8"), Linear(numbers, d, d)
        self.memory = bool(memory)
        if memory:
            self.conv, self.conv_shift = numbers("i8", d, memory[2]), numbers("u8", d)
            self.point, self.proj = numbers("i8", d), Linear(numbers, d, d)
            self.norm_m, self.gate = numbers("u32"), numbers("u16", heads)
        self.ffn = SwiGlu(numbers, d)


class Network:
    """A model file. `unzstd` unpacks a zstd stream, `Schema` is the class of schemas."""

    def __init__(self, file, unzstd, Schema, blake3):
        assert file[:8] == b"\x89VXM\r\n\x1a\n", "no model file"
        version, reserved, length = struct.unpack_from("<HHQ", file, 8)
        assert version in (1, 2) and reserved == 0, "version of the model"
        assert blake3 is None or blake3(file[:-32]).digest() == file[-32:], "digest of the model"
        body = unzstd(file[52:-32])
        assert len(body) == length, "length of the network"
        self.schema_bytes = body[: schema_length(body)]
        self.schema = Schema(self.schema_bytes)
        numbers = Numbers(body[len(self.schema_bytes) :], version)
        F, R = len(self.schema.fields), self.schema.stride
        d, self.heads, self.window, self.segment, layers, e, T = numbers("u32", 7)
        self.d, self.memory = d, numbers("u32", 3)
        if not self.memory[0]:
            self.memory = None
        self.lag, self.kind, self.flat = numbers("u16", F), numbers("u8", R), numbers("u8", R)
        self.att_pow2, self.out_pow2 = numbers("u8", 32), numbers("u32", 32)
        self.tables = Tables(numbers, T, d)
        self.prev_scale, self.ref_scale = numbers("i16", R, d), numbers("i16", R, d)
        self.field_bias, self.position = numbers("i32", F, d), numbers("i32", self.segment, d)
        self.layers = [Layer(numbers, d, self.heads, self.memory) for _ in range(layers)]
        self.norm_f, self.head_in = numbers("u32"), Linear(numbers, e, d)
        self.own, self.own_scale = Tables(numbers, T, e), numbers("i16", R, e)
        self.reference, self.reference_scale = Tables(numbers, T, e), numbers("i16", R, e)
        self.role_bias = numbers("i32", R, 2, e)
        self.ffn, self.norm_2 = SwiGlu(numbers, e), numbers("u32")
        self.out, self.out_bias = [Linear(numbers, 256, e) for _ in range(T)], numbers("i16", R, 256)
        self.copy, self.copy_shift = numbers("i8", T, e), numbers("u8", T)
        self.copy_bias = numbers("i16", R, 2)
        assert numbers.at == len(numbers.data), "bytes after the network"


def schema_length(data):
    """Length of the schema at the start, without extensions of fields."""
    at = 2
    for _ in range(struct.unpack_from("<H", data)[0]):
        assert data[at] < 128, "extensions are not for this reader"
        at += 2 + data[at + 1]
    return at


class LayerState:
    def __init__(self):
        self.window, self.segment, self.slots = [], [], []


class Lane:
    """One lane: `weights` of the next symbol, then `push` of the symbol."""

    def __init__(self, network):
        self.net, self.role, self.token = network, 0, 0
        R = network.schema.stride
        self.now, self.before = [0] * R, [0] * R
        self.states = [LayerState() for _ in network.layers]
        self.z0 = None

    def push(self, symbol):
        schema = self.net.schema
        self.now[self.role] = symbol
        self.role += 1
        if self.role == schema.stride:
            self.role = 0
            self.now, self.before = self.before, self.now
        if schema.role_first[self.role] == self.role:
            self.token += 1

    def field(self, distance):
        """First role and symbols of the token `distance` before the current one."""
        fields = self.net.schema.fields
        f = self.net.schema.role_field[self.role] - distance
        record = self.now if f >= 0 else self.before
        first, size = fields[f % len(fields)][:2]
        return first, record[first : first + size]

    def weights(self):
        """None for a flat role."""
        if self.net.schema.role_first[self.role] == self.role:
            self.z0 = self.trunk()
        if self.net.flat[self.role]:
            return None
        logits, net = self.head(), self.net
        best = max(logits)
        return [0 if best - l >= 32 * 23 else net.out_pow2[best - l & 31] >> (best - l >> 5) for l in logits]

    def trunk(self):
        net, f = self.net, self.net.schema.role_field[self.role]
        total = [0] * net.d
        first, symbols = self.field(1)
        for r, a in enumerate(symbols, first):
            total = plus(total, net.tables.emb(net.kind[r], a, net.prev_scale[r]))
        _, symbols = self.field(net.lag[f])
        for r, u in enumerate(symbols, self.role):
            total = plus(total, net.tables.emb(net.kind[r], u, net.ref_scale[r]))
        place = self.token % net.segment
        x = [rs(v, net.tables.shift) for v in total]
        x = plus(x, net.field_bias[f], net.position[place])
        for layer, state in zip(net.layers, self.states):
            x = self.layer(layer, state, x)
            if layer.memory and place + 1 == net.segment:
                self.compress(layer, state)
        return net.head_in(norm(net.norm_f, x))

    def layer(self, layer, state, x):
        net = self.net
        q0 = norm(layer.norm, x)
        q = layer.wq.eight(q0)
        state.window = (state.window + [(layer.wk.eight(q0), layer.wv.eight(q0))])[-net.window :]
        state.segment.append(q0)
        c, channels = [], net.d // net.heads
        for h in range(net.heads):
            part = slice(h * channels, (h + 1) * channels)
            near = self.attend(layer, q, part, state.window)
            if layer.memory:
                gate, far = layer.gate[h], self.attend(layer, q, part, state.slots)
                near = [rs(n * (256 - gate) + m * gate, 8) for n, m in zip(near, far)]
            c += [clamp8(v) for v in near]
        return layer.ffn.add(plus(x, layer.wo(c)))

    def attend(self, layer, q, part, tokens):
        if not tokens:
            return [0] * (part.stop - part.start)
        s = [dot(q[part], key[part]) for key, _ in tokens]
        D = [max(s) - s_j >> layer.score_shift for s_j in s]
        w = [0 if D_j >= 256 else self.net.att_pow2[D_j & 31] >> (D_j >> 5) for D_j in D]
        r = (1 << 24) // sum(w)
        values = zip(*(value[part] for _, value in tokens))
        return [dot(w, v) * r + (1 << 23) >> 24 for v in values]

    def compress(self, layer, state):
        rate, most, K = self.net.memory
        segment, state.segment = state.segment, []
        scores = []
        for t in range(len(segment)):
            score = 0
            for i in range(self.net.d):
                taps = [(layer.conv[i][j], t - K + 1 + j) for j in range(K)]
                y = sum(w * segment[at][i] for w, at in taps if at >= 0)
                score += layer.point[i] * max(0, clamp8(rs(y, layer.conv_shift[i])))
            scores.append(score)
        best = sorted(range(len(segment)), key=lambda t: (-scores[t], t))
        for t in sorted(best[: self.net.segment // rate]):
            m = norm(layer.norm_m, layer.proj(segment[t]))
            state.slots = (state.slots + [(layer.wk.eight(m), layer.wv.eight(m))])[-most:]

    def head(self):
        net, r = self.net, self.role
        f, first = net.schema.role_field[r], net.schema.role_first[r]
        b, kind = r - first, net.kind[r]
        _, u = self.field(net.lag[f])
        known = self.now[first:r]
        m = int(known == u[:b])
        own = [0] * len(self.z0)
        for r_, a in enumerate(known, first):
            own = plus(own, net.own.emb(net.kind[r_], a, net.own_scale[r_]))
        ref = net.reference.emb(kind, u[b], net.reference_scale[r])
        own, ref = [rs(v, net.own.shift) for v in own], [rs(v, net.reference.shift) for v in ref]
        z = net.ffn.add(plus(self.z0, own, ref, net.role_bias[r][m]))
        q = norm(net.norm_2, z)
        logits = plus(net.out[kind](q), net.out_bias[r])
        logits[u[b]] += rs(dot(net.copy[kind], q), net.copy_shift[kind]) + net.copy_bias[r][m]
        return logits
