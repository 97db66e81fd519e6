"""The variants: each changes one thing of its base."""

import dataclasses
import json

SETS = ("cms_jets_row", "cms_dimuon_row", "atlas_tracks_row")
SEEDS = (1, 2, 3)
WINDOW, TOKENS, SEQUENCES = 64, 256, 8  # of configs/cpu_small.yaml

# Settings of all runs: one thread, so that processor time is the time on one core; fewer and smaller validations than by
# default, so that a short run is mostly training; and no search for decimals, laws and distances, which not every variant
# could use.
COMMON = {
    "threads": 1,
    "budget.max_seconds": None,
    "search.decimals": False,
    "search.laws": False,
    "search.deltas": False,
    "optimizer.weight_decay": 1.0,
    "validation.times": 5,
    "validation.max_bytes": 30_000,
    "checkpoints.seconds": 1e6,
}


@dataclasses.dataclass
class Variant:
    """A change of the configuration or of the schema."""

    name: str
    group: str
    keys: dict
    schema: str = "as described"
    base: str = "baseline"


def memory(rate):
    return {"model.memory": {"rate": rate, "slots": 64, "kernel": 4}}


LONG = {"batch.tokens": 1024, "batch.sequences": 2}

# The most important first: this is the order of the runs.
VARIANTS = [
    Variant("baseline", "baseline", {}),
    Variant("reference", "architecture", {"model.architecture": "reference"}),
    Variant("standard embedding", "role period", {"model.embedding": "standard"}),
    Variant("tdt embedding", "role period", {"model.embedding": "tdt"}),
    Variant("least significant first", "byte order", {}, schema="identity"),
    Variant("ordered floats", "byte order", {}, schema="ordered"),
    Variant("byte tokens", "tokens", {}, schema="bytes"),
    Variant("memory, rate 2", "memory", memory(2)),
    Variant("memory, rate 4", "memory", memory(4)),
    Variant("memory, rate 8", "memory", memory(8)),
    Variant("long windows", "chunks", LONG),
    Variant("chunks", "chunks", LONG | {"batch.chunks": [128, 256, 512]}, base="long windows"),
    Variant("look back 128", "window", LONG | {"model.window": 128}, base="long windows"),
    Variant("look back 256", "window", LONG | {"model.window": 256}, base="long windows"),
    Variant("look back 512", "window", LONG | {"model.window": 512}, base="long windows"),
    # Multiply-adds per token of the trunk within 3 % of the baseline's, heads of 16 channels as there.
    Variant("1 layer of 96", "shape", {"model.d_model": 96, "model.n_layers": 1, "model.n_heads": 6, "model.d_ff": 216}),
    Variant("4 layers of 48", "shape", {"model.d_model": 48, "model.n_layers": 4, "model.n_heads": 3, "model.d_ff": 88}),
    Variant("rounded after training", "quantisation", {"quantise.fraction": 0.0}),
    Variant("no reference input", "input", {"model.reference_input": False}),
    Variant("learned positions", "input", {"model.positions": "learned"}),
    Variant("weight decay 0.05", "weight decay", {"optimizer.weight_decay": 0.05}),
    Variant("weight decay 0.5", "weight decay", {"optimizer.weight_decay": 0.5}),
    Variant("decimals and laws sought", "laws", {"search.decimals": True, "search.laws": True}),
]


def arguments(variant, description, seed, steps):
    """The configuration of a run, `key=value` each."""
    keys = COMMON | {"seed": seed, "budget.max_steps": steps} | variant.keys
    if variant.schema == "bytes":
        # The same numbers of records per window and look-back: every field has as many tokens as bytes.
        fields, stride = len(description["fields"]), description["stride"]
        keys["model.window"] = -(-WINDOW // fields) * stride
        keys["batch.tokens"] = max(1, TOKENS // fields) * stride
    return [f"{key}={json.dumps(value)}" for key, value in keys.items()]


def schema_text(variant, description):
    """The sidecar of a variant, in the form of `NAME.schema.yaml`."""
    lines = [f"stride: {description['stride']}", "fields:"]
    for field in description["fields"]:
        name, dtype, offset = field["name"], field["dtype"], field["offset"]
        if variant.schema == "bytes":
            size = {"|": 1}.get(dtype[0]) or int(dtype[2:])
            for byte in range(size):
                lines.append(f'  - {{name: {json.dumps(f"{name}.{byte}")}, dtype: u1, offset: {offset + byte}}}')
            continue
        transform = f", transform: {variant.schema}" if dtype[1] == "f" and variant.schema != "as described" else ""
        lines.append(f"  - {{name: {json.dumps(name)}, dtype: {json.dumps(dtype)}, offset: {offset}{transform}}}")
    return "\n".join(lines) + "\n"
