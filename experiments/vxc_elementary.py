#!/usr/bin/env python3
"""A second reader of "Elementary functions" in docs/numerics.md: the same operations on the same binary64 numbers.

    python3 experiments/vxc_elementary.py --check crates/vortex-coder/assets/elementary_functions.txt

Python's floats are binary64, and its +, -, *, / and math.sqrt round as IEEE 754 says. A double-double is a pair.
"""
import math
import struct
import sys
from fractions import Fraction

INF, NAN = math.inf, math.nan


def from_bits(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def to_bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def power_of_two(k):
    return math.ldexp(1.0, k)


TINY, TINY_RATIO = power_of_two(-28), power_of_two(-56)
LN_2 = [from_bits(b) for b in (0x3FE62E42FEFA3800, 0x3D2EF35793C76800, 0xBA59FF0342542FC3)]
PER_LN_2 = from_bits(0x3FF71547652B82FE)
HALF_PI = [
    from_bits(b)
    for b in (0x3FF921FB54400000, 0x3DD0B4611A600000, 0x3BA3198A2E000000, 0x397B839A252049C1)
]
PER_HALF_PI = from_bits(0x3FE45F306DC9C883)
ROOT_TWO = from_bits(0x3FF6A09E667F3BCD)
QUARTER = (from_bits(0x3FF921FB54442D18), from_bits(0x3C91A62633145C07))
HALF = (2.0 * QUARTER[0], 2.0 * QUARTER[1])
ONE = (1.0, 0.0)


# Double-doubles


def sum_of(a, b):
    hi = a + b
    of_b = hi - a
    return hi, (a - (hi - of_b)) + (b - of_b)


def ordered_sum(a, b):
    hi = a + b
    return hi, b - (hi - a)


def halves(a):
    scaled = 134217729.0 * a
    hi = scaled - (scaled - a)
    return hi, a - hi


def product_of(a, b):
    (a_hi, a_lo), (b_hi, b_lo) = halves(a), halves(b)
    hi = a * b
    return hi, (((a_hi * b_hi - hi) + a_hi * b_lo) + a_lo * b_hi) + a_lo * b_lo


def negated(a):
    return -a[0], -a[1]


def scaled(a, factor):
    return a[0] * factor, a[1] * factor


def plus(a, b):
    hi, lo = sum_of(a[0], b[0])
    return ordered_sum(hi, lo + (a[1] + b[1]))


def minus(a, b):
    return plus(a, negated(b))


def times(a, b):
    hi, lo = product_of(a[0], b[0])
    return ordered_sum(hi, lo + (a[0] * b[1] + a[1] * b[0]))


def over(a, b):
    quotient = a[0] / b[0]
    hi, lo = product_of(quotient, b[0])
    rest = (((a[0] - hi) - lo) + a[1]) - quotient * b[1]
    return ordered_sum(quotient, rest / b[0])


def square_root(a):
    root = math.sqrt(a[0])
    hi, lo = product_of(root, root)
    return ordered_sum(root, (((a[0] - hi) - lo) + a[1]) / (2.0 * root))


# Series


def reciprocal(n):
    hi = 1.0 / n
    product = product_of(n, hi)
    return hi, ((1.0 - product[0]) - product[1]) / n


def factorial(n):
    product, factor = 1.0, 1.0
    for _ in range(n):
        product *= factor
        factor += 1.0
    return product


def series(leading, denominators):
    return [reciprocal(n) for n in denominators[:leading]], [1.0 / n for n in denominators[leading:]]


FACTORIALS = series(8, [factorial(n) for n in range(18)])
EVEN_FACTORIALS = series(5, [factorial(2 * n) for n in range(12)])
ODD_FACTORIALS = series(5, [factorial(2 * n + 1) for n in range(11)])
ODD_NUMBERS = series(5, [2.0 * n + 1.0 for n in range(15)])


def horner(coefficients, z):
    value = 0.0
    for c in reversed(coefficients):
        value = value * z + c
    return value


def at(coefficients, z):
    leading, tail = coefficients
    hi, lo = horner(tail, z[0]), 0.0
    for c in reversed(leading):
        product = product_of(hi, z[0])
        following = ordered_sum(c[0], product[0])
        rounding = (following[1] + product[1]) + (hi * z[1] + c[1])
        hi, lo = following[0], lo * z[0] + rounding
    return ordered_sum(hi, lo)


def nearest_integer(x):
    shift = 1.5 * power_of_two(52)
    n = (x + shift) - shift
    return n, int(n)


# Exponential


def exponential(x):
    n, k = nearest_integer(x * PER_LN_2)
    rest = sum_of(x - n * LN_2[0], -(n * LN_2[1]))
    r = sum_of(rest[0], rest[1] - n * LN_2[2])
    return at(FACTORIALS, r), k


def rounded(value, k):
    if k < -1021:
        units = scaled(value, power_of_two(k + 1074))
        smallest_normal = power_of_two(52)
        if units[0] < smallest_normal:
            hi, lo = ordered_sum(smallest_normal, units[0])
            return ((hi + (lo + units[1])) - smallest_normal) * from_bits(1)
    half = k >> 1
    return value[0] * power_of_two(half) * power_of_two(k - half)


def exp(x):
    if x > 710.0:
        return INF
    if x < -746.0:
        return 0.0
    return x if math.isnan(x) else rounded(*exponential(x))


# Hyperbolic functions


def halved_power(x):
    value, k = exponential(x)
    return scaled(value, power_of_two(k - 1))


def halved_large_power(x):
    if x > 711.0:
        return INF
    value, k = exponential(x)
    return rounded(value, k - 1)


def sinh(x):
    size = abs(x)
    if size < TINY or not math.isfinite(size):
        return x
    if size < 0.5:
        value = times((size, 0.0), at(ODD_FACTORIALS, product_of(size, size)))[0]
    elif size < 40.0:
        growing = halved_power(size)
        value = minus(growing, over((0.25, 0.0), growing))[0]
    else:
        value = halved_large_power(size)
    return math.copysign(value, x)


def cosh(x):
    size = abs(x)
    if not math.isfinite(size):
        return size
    if size < 40.0:
        growing = halved_power(size)
        return plus(growing, over((0.25, 0.0), growing))[0]
    return halved_large_power(size)


def tanh(x):
    size = abs(x)
    if size < TINY or math.isnan(size):
        return x
    if size < 0.5:
        z = product_of(size, size)
        value = over(times((size, 0.0), at(ODD_FACTORIALS, z)), at(EVEN_FACTORIALS, z))[0]
    elif size < 22.0:
        half = halved_power(2.0 * size)
        value = minus(ONE, over(ONE, plus(half, (0.5, 0.0))))[0]
    else:
        value = 1.0
    return math.copysign(value, x)


# Logarithm


def significand(x):
    m, k = math.frexp(x)
    m, k = 2.0 * m, k - 1
    return (0.5 * m, k + 1) if m > ROOT_TWO else (m, k)


def twice_artanh(s):
    return scaled(times(s, at(ODD_NUMBERS, times(s, s))), 2.0)


def logarithm(m, k):
    of_m = twice_artanh(over(minus(m, ONE), plus(m, ONE)))
    n = float(k)
    hi, lo = ordered_sum(n * LN_2[0], n * LN_2[1])
    return plus((hi, lo + n * LN_2[2]), of_m)


def log(x):
    if x == 0.0:
        return -INF
    if x < 0.0:
        return NAN
    if not math.isfinite(x):
        return x
    m, k = significand(x)
    return logarithm((m, 0.0), k)[0]


def asinh(x):
    size = abs(x)
    if size < TINY or not math.isfinite(size):
        return x
    if size < power_of_two(45):
        root = square_root(plus(product_of(size, size), ONE))
        if size < 0.35:
            value = twice_artanh(over((size, 0.0), plus(root, ONE)))
        else:
            power = plus((size, 0.0), root)
            m, k = significand(power[0])
            value = logarithm((m, power[1] * power_of_two(-k)), k)
    else:
        m, k = significand(size)
        value = logarithm((m, 0.0), k + 1)
    return math.copysign(value[0], x)


# Sine and cosine


def sine(r):
    return times(r, at(ODD_FACTORIALS, negated(times(r, r))))


def cosine(r):
    return at(EVEN_FACTORIALS, negated(times(r, r)))


def turned(x, quarters):
    if not abs(x) < power_of_two(20):
        return NAN
    n, k = nearest_integer(x * PER_HALF_PI)
    first = sum_of(x - n * HALF_PI[0], -(n * HALF_PI[1]))
    second = sum_of(first[1], -(n * HALF_PI[2]))
    rest = sum_of(first[0], second[0])
    r = sum_of(rest[0], rest[1] + (second[1] - n * HALF_PI[3]))
    k += quarters
    value = (cosine(r) if k & 1 else sine(r))[0]
    return -value if k & 2 else value


def sin(x):
    return x if abs(x) < TINY else turned(x, 0)


def cos(x):
    return turned(x, 1)


# Angles

ROUGH = [1.0 / (2.0 * n + 1.0) for n in range(9)]


def arctangent(y, x):
    ratio = y[0] / x[0]
    if ratio < TINY_RATIO:
        return ratio, 0.0
    half = ratio / (1.0 + math.sqrt(1.0 + ratio * ratio))
    guess = 2.0 * half * horner(ROUGH, -(half * half))
    s, c = sine((guess, 0.0)), cosine((guess, 0.0))
    across = minus(times(y, c), times(x, s))
    along = x[0] * c[0] + y[0] * s[0]
    return ordered_sum(guess, across[0] / along)


def first_quadrant(y, x):
    return minus(QUARTER, arctangent(x, y)) if y[0] > x[0] else arctangent(y, x)


def atan2(y, x):
    if math.isnan(x) or math.isnan(y):
        return NAN
    width, height = abs(x), abs(y)
    if math.isinf(width) or math.isinf(height):
        width, height = float(math.isinf(width)), float(math.isinf(height))
    elif width == 0.0 and height == 0.0:
        width = 1.0
    smaller, larger = min(width, height), max(width, height)
    factor = 1.0
    if not smaller < larger * TINY_RATIO:
        if larger > power_of_two(500):
            factor = power_of_two(-600)
        elif larger < power_of_two(-400):
            factor = power_of_two(600)
    angle = first_quadrant((height * factor, 0.0), (width * factor, 0.0))
    if math.copysign(1.0, x) < 0.0:
        angle = minus(HALF, angle)
    return math.copysign(angle[0], y)


def atan(x):
    return atan2(x, 1.0)


def other_leg(size):
    if size == 1.0:
        return 0.0, 0.0
    return square_root(times(sum_of(1.0, -size), sum_of(1.0, size)))


def asin(x):
    size = abs(x)
    if size < TINY:
        return x
    if not size <= 1.0:
        return NAN
    return math.copysign(first_quadrant((size, 0.0), other_leg(size))[0], x)


def acos(x):
    size = abs(x)
    if not size <= 1.0:
        return NAN
    angle = first_quadrant(other_leg(size), (size, 0.0))
    return (minus(HALF, angle) if x < 0.0 else angle)[0]


FUNCTIONS = {
    f.__name__: f
    for f in (exp, log, sin, cos, sinh, cosh, tanh, asinh, atan2, atan, asin, acos)
}


def check_constants():
    """The constants against pi from Machin's formula and ln 2 from its series, in exact fractions."""

    def arctan_of_inverse(n):
        return sum(Fraction((-1) ** i, (2 * i + 1) * n ** (2 * i + 1)) for i in range(200))

    half_pi = 8 * arctan_of_inverse(5) - 2 * arctan_of_inverse(239)
    ln_2 = sum(Fraction(1, i * 2**i) for i in range(1, 400))
    assert abs(sum(map(Fraction, HALF_PI)) - half_pi) < Fraction(1, 2**159)
    assert abs(sum(map(Fraction, QUARTER)) - half_pi) < Fraction(1, 2**109)
    assert abs(sum(map(Fraction, LN_2)) - ln_2) < Fraction(1, 2**144)


def check(path):
    """Compares with the lines of a table: a function, its arguments and its result, binary64 in hexadecimal."""
    lines = 0
    for line in open(path):
        if line.startswith("#") or not line.strip():
            continue
        name, *words = line.split()
        *arguments, expected = (from_bits(int(word, 16)) for word in words)
        result = FUNCTIONS[name](*arguments)
        same = to_bits(result) == to_bits(expected) or (math.isnan(result) and math.isnan(expected))
        assert same, f"{line.strip()}: {to_bits(result):016x}"
        lines += 1
    assert lines, "an empty table"
    print(f"{lines} results, all alike")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "--check":
        sys.exit(__doc__)
    check_constants()
    check(sys.argv[2])
