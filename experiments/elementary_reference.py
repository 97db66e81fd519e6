#!/usr/bin/env python3
"""Writes the table that both readers of "Elementary functions" are checked against, from mpmath at 3,000 bits.

    python3 experiments/elementary_reference.py > crates/vortex-coder/assets/elementary_functions.txt
"""
import math
import random
import struct

import mpmath

mpmath.mp.prec = 3000
LARGEST, SMALLEST, NORMAL = 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308
SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, SMALLEST, -SMALLEST, NORMAL, LARGEST, -LARGEST]
random.seed(20240229)


def to_bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def from_bits(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def beside(x):
    """The floats around `x`, and itself."""
    return [math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf)]


def spread(count, low, high):
    """Of both signs, evenly in the logarithm of their size."""
    size = lambda: 2.0 ** random.uniform(math.log2(low), math.log2(high))
    return [random.choice((-1.0, 1.0)) * size() for _ in range(count)]


def nearest(value):
    """The float nearest to an mpmath number, ties to even."""
    if value == 0:
        return 0.0
    sign, mantissa, exponent, length = value._mpf_
    last = max(exponent + length - 53, -1074)
    shift = last - exponent
    if shift <= 0:
        places = mantissa << -shift
    else:
        places, rest = mantissa >> shift, mantissa & ((1 << shift) - 1)
        half = 1 << (shift - 1)
        places += rest > half or (rest == half and places & 1)
    try:
        size = math.ldexp(places, last)
    except OverflowError:
        size = math.inf
    return -size if sign else size


def exact(name, *arguments):
    """The correctly rounded result; NaN where the function is not defined."""
    if any(x == 0.0 or not math.isfinite(x) for x in arguments):
        # Special values, which C99 lists in its Annex F: Python's are the same, or exceptions.
        try:
            return getattr(math, name)(*arguments)
        except ValueError:
            return -math.inf if name == "log" and arguments[0] == 0.0 else math.nan
    x = arguments[0]
    if name in ("sin", "cos") and abs(x) >= 2**20:
        return math.nan
    if (name == "log" and x < 0.0) or (name in ("asin", "acos") and abs(x) > 1.0):
        return math.nan
    if name in ("exp", "sinh", "cosh", "tanh"):
        # Beyond, results are out of range all the same.
        arguments = (max(-1000.0, min(1000.0, x)),)
    return nearest(getattr(mpmath, name)(*map(mpmath.mpf, arguments)))


def arguments_of(name):
    if name == "exp":
        return [
            *SPECIAL, 1.0, -1.0, 709.782712893384, 709.7827128933841, 711.0, -708.3964185322641, -744.4400719213812,
            -745.1332191019411, -745.1332191019412, -746.0, -747.0, *beside(0.34657359027997264), 1e-16, -1e-16,
            *spread(10, 1e-10, 700.0), *(random.uniform(-745.0, -708.0) for _ in range(8)),
        ]
    if name == "log":
        return [
            *SPECIAL, -1.0, *beside(1.0), *beside(math.e), *beside(math.sqrt(2.0)), *beside(math.sqrt(0.5)),
            1.0000001, 0.9999, 1e-310, 2.0, 10.0, *(abs(x) for x in spread(16, 1e-300, 1e300)),
        ]
    if name in ("sin", "cos"):
        near = [nearest(mpmath.mpf(n) * mpmath.pi / 2) for n in (1, 2, 3, 4, 11, 344, 33102, 573204, 667543)]
        return [
            *SPECIAL, *near, *beside(math.pi / 4), -math.pi, 1.0, -1.0, 2.0**-27, 1e-9,
            2.0**20, *beside(2.0**20), 1e22, *spread(14, 1e-3, 2.0**20),
        ]
    if name in ("sinh", "cosh", "tanh"):
        return [
            *SPECIAL, *beside(0.5), *beside(22.0), *beside(40.0), 710.0, 710.475860073944, -711.5, 19.06, 2.0**-27,
            1e-9, *spread(16, 1e-6, 709.0),
        ]
    if name == "asinh":
        return [
            *SPECIAL, *beside(0.35), *beside(2.0**45), *beside(1.0), 2.0**-27, 1e-9, 1e154, 1e155,
            *spread(20, 1e-8, 1e20), *spread(4, 1e20, 1e308),
        ]
    if name == "atan":
        return [*SPECIAL, *beside(1.0), math.sqrt(2.0) - 1.0, 2.0**-27, 2.0**57, *spread(24, 1e-18, 1e18)]
    assert name in ("asin", "acos")
    return [
        *SPECIAL, *beside(1.0), *beside(-1.0), *beside(0.5), math.sqrt(0.5), 2.0**-27, 1e-9, 1.5,
        *(random.uniform(-1.0, 1.0) for _ in range(18)), *spread(6, 1e-8, 1e-2),
    ]


def pairs():
    ends = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf]
    yield from ((y, x) for y in ends for x in ends)
    yield from [(math.nan, 1.0), (1.0, math.nan), (SMALLEST, SMALLEST), (3 * SMALLEST, -2 * SMALLEST)]
    yield from [(LARGEST, LARGEST), (-LARGEST, SMALLEST), (SMALLEST, LARGEST), (SMALLEST, -1.0), (1.0, SMALLEST)]
    yield from [(NORMAL, 3.0), (1e-310, 7.0), (2.0**-56, 1.0), (1e300, 2e300), (1e-310, 3e-310), (1e-200, 1e200)]
    yield from zip(spread(24, 1e-3, 1e3), spread(24, 1e-3, 1e3))
    for _ in range(12):
        y = spread(1, 1e-300, 1e300)[0]
        yield y, y * spread(1, 1e-17, 1e8)[0]


def main():
    print("# Function, arguments, correctly rounded result: the bits of binary64 in hexadecimal.")
    print("# Any NaN is as good as another. From experiments/elementary_reference.py.")
    for name in "exp log sin cos sinh cosh tanh asinh atan2 atan asin acos".split():
        for arguments in pairs() if name == "atan2" else ((x,) for x in arguments_of(name)):
            words = [*arguments, exact(name, *arguments)]
            print(name, *(f"{to_bits(word):016x}" for word in words))


if __name__ == "__main__":
    main()
