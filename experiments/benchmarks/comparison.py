"""Sets with the sizes of Vortex beside those of other codecs."""

import math
from dataclasses import dataclass


@dataclass
class Result:
    """One codec on one set."""

    codec: str
    original: int
    bytes: int
    encode_s: float | None
    decode_s: float | None
    row: dict

    @property
    def bits(self):
        return 8 * self.bytes / self.original


def sets(rows):
    """The results of each set, smallest first, and apart those that failed."""
    found, failed = {}, []
    for row in rows:
        found.setdefault(row["set"], [])
        if row["failed"]:
            failed.append(row)
            continue
        seconds = [float(row[key]) if row[key] else None for key in ("encode_s", "decode_s")]
        found[row["set"]].append(Result(row["codec"], int(row["original_bytes"]), int(row["bytes"]), *seconds, row))
    for results in found.values():
        results.sort(key=lambda result: result.bytes)
    return found, failed


def named(results, name):
    """The result of a codec, if it has one."""
    return next((result for result in results if result.codec == name), None)


def pcodec(results):
    return next((result for result in results if result.codec.startswith("pcodec")), None)


def best_general(results):
    """The smallest of the codecs that know nothing of numbers but, at most, the length of an element."""
    return next((r for r in results if not r.codec.startswith(("vortex", "pcodec"))), None)


def mean_ratio(pairs):
    """The geometric mean of sizes divided by sizes."""
    pairs = list(pairs)
    return math.exp(sum(math.log(own.bytes / other.bytes) for own, other in pairs) / len(pairs))
