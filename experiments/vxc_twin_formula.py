"""Formulas of fields, as docs/format.md has them: part of the second reader vxc_twin.py."""
import math
import struct

import vxc_elementary as elementary

MAX_OPS, MAX_DEPTH, MAX_RANKED, MAX_FORMULAS = 1024, 32, 16, 16
TAKES = {**{code: 1 for code in range(16, 33)}, **{code: 2 for code in range(48, 56)}}


def single(x):
    try:
        return struct.unpack("<f", struct.pack("<f", x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)


def wrap(x):
    return x - math.tau if x > math.pi else x + math.tau if x < -math.pi else x


def root(x):
    return math.sqrt(x) if x >= 0 else math.nan


def divide(a, b):
    if b == 0:
        bad = a == 0 or math.isnan(a) or math.isnan(b)
        return math.nan if bad else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


FUNCTIONS = {
    16: lambda x: -x,
    17: abs,
    18: root,
    19: lambda x: x * x,
    20: single,
    21: wrap,
    22: elementary.exp,
    23: elementary.log,
    24: elementary.sin,
    25: elementary.cos,
    26: elementary.sinh,
    27: elementary.cosh,
    28: elementary.tanh,
    29: elementary.asinh,
    30: elementary.acos,
    31: elementary.asin,
    32: elementary.atan,
    48: lambda a, b: a + b,
    49: lambda a, b: a - b,
    50: lambda a, b: a * b,
    51: divide,
    52: lambda a, b: a if a < b else b,
    53: lambda a, b: a if a > b else b,
    54: lambda a, b: root(a * a + b * b),
    55: elementary.atan2,
}


def total_order(x):
    bits = struct.unpack("<q", struct.pack("<d", x))[0]
    return bits if bits >= 0 else bits ^ 0x7FFF_FFFF_FFFF_FFFF


class Formula:
    """The formulas of a field, read from `data` at `at`; `end` is the place behind them."""

    def __init__(self, data, at, size):
        self.reach, n = data[at], data[at + 1]
        assert 1 <= n <= MAX_FORMULAS and 8 <= self.reach <= 8 * size - 16
        self.expressions, self.end = [], at + 2
        for _ in range(n):
            self.expressions.append(self.expression(data))
        steps = [op for ops in self.expressions for op in ops]
        self.fields = {op[1] for op in steps if op[0] == 0}
        self.cost = sum(op[2] if op[0] == 2 else 16 if 22 <= op[0] <= 32 or op[0] == 55 else 1 for op in steps)

    def expression(self, data):
        n, at = int.from_bytes(data[self.end : self.end + 2], "little"), self.end + 2
        assert n <= MAX_OPS
        ops, depth = [], 0
        for _ in range(n):
            code, at = data[at], at + 1
            if code == 0:
                op, at, takes = (0, int.from_bytes(data[at : at + 2], "little")), at + 2, 0
            elif code == 1:
                value = struct.unpack("<d", data[at : at + 8])[0]
                op, at, takes = (1, value), at + 8, 0
                assert math.isfinite(value)
            elif code == 2:
                op, at, takes = (2, data[at], data[at + 1]), at + 2, data[at + 1]
                assert 2 <= op[2] <= MAX_RANKED and op[1] < op[2]
            else:
                assert code in TAKES, f"{code} is no step"
                op, takes = (code,), TAKES[code]
                assert code != 16 or ops[-1][0] != 1
            ops.append(op)
            assert depth >= takes
            depth += 1 - takes
            assert depth <= MAX_DEPTH
        assert depth == 1
        self.end = at
        return ops

    def values(self, field):
        """What each gives, with `field` the value of a field."""
        for ops in self.expressions:
            stack = []
            for op in ops:
                if op[0] == 0:
                    stack.append(field(op[1]))
                elif op[0] == 1:
                    stack.append(op[1])
                elif op[0] == 2:
                    top = stack[-op[2] :]
                    chosen = math.nan if any(map(math.isnan, top)) else sorted(top, key=total_order)[op[1]]
                    stack[-op[2] :] = [chosen]
                else:
                    takes = TAKES[op[0]]
                    stack[-takes:] = [FUNCTIONS[op[0]](*stack[-takes:])]
            yield stack[0]

    def leave(self, code, expected, size):
        """The integer of which `code` was made; `expected` are the integers of what each formula gives, or None."""
        block, top = 1 << self.reach, (1 << 8 * size) - 1
        for index, middle in reversed(list(enumerate(expected))):
            if middle is None:
                continue
            first, around = index * block, min(max(middle - block // 2, 0), top - block + 1)
            if abs(first - around) < block:
                continue
            if around <= code < around + block:
                code += first - around
            elif first <= code < first + block:
                code += around - first
        return code
