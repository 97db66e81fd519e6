"""z4ai on the values of weights, one thread: its default, and its smallest."""

import z4ai

NAMES = {"F32": "fp32", "BF16": "bf16"}


def rival(effort):
    return (
        lambda values, dtype: z4ai.compress(values, dtype=NAMES[dtype], threads=1, effort=effort),
        lambda packed, dtype: bytes(z4ai.decompress(packed)),
    )


WEIGHTS = {"z4ai": rival(None), "z4ai, effort max": rival("max")}
