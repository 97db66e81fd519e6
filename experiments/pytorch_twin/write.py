"""Writes checkpoints of the twin with random weights, and the logits of some symbols.

    python3 experiments/pytorch_twin/write.py --out DIR [--d 8 --layers 2 --heads 2 --d-ff 12 --length 64 --tokens 12]
        [--model NAME ...]

For each model NAME.pt, as the prototype saves them, and NAME.expected.pt with `symbols` [tokens] and
`logits` [tokens, 256]. The typed models are run at position 3: see docs/checkpoints.md. The model `wrong` is one in
bfloat16 that lacks a matrix, has one of another shape, and has one more.
"""

import argparse
import pathlib

import torch
from twin import Twin, randomise

MODELS = ["optimised", "optimised_tdt", "reference", "reference_tdt"]


def write_wrong(args):
    state = Twin("optimised", False, args.d, 1, args.heads, args.d_ff, args.length).bfloat16().state_dict()
    del state["layers.0.ff.up.weight"]
    state["layers.0.attn.qkv.weight"] = state["layers.0.attn.out.weight"]
    state["layers.0.ff.down.bias"] = state["ln_f.scale"]
    torch.save(state, args.out / "wrong.pt")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--model", choices=MODELS + ["wrong"], nargs="*", default=MODELS)
    for name, value in dict(d=8, layers=2, heads=2, d_ff=12, length=64, tokens=12).items():
        parser.add_argument("--" + name.replace("_", "-"), type=int, default=value)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if "wrong" in args.model:
        write_wrong(args)
    for seed, name in enumerate(MODELS):
        if name not in args.model:
            continue
        architecture, _, tdt = name.partition("_")
        model = Twin(architecture, bool(tdt), args.d, args.layers, args.heads, args.d_ff, args.length)
        randomise(model, seed)
        symbols = torch.randint(0, 256, (1, args.tokens))
        optimiser = torch.optim.AdamW(model.parameters())
        saved = {"epoch": 3, "model": model.state_dict(), "optimizer": optimiser.state_dict(), "bpd": 4.5}
        torch.save(saved, args.out / f"{name}.pt")
        with torch.no_grad():
            logits = model(symbols, offset=3 if tdt else 0)[0]
        expected = {"symbols": symbols[0].to(torch.uint8), "logits": logits}
        torch.save(expected, args.out / f"{name}.expected.pt")
        print(f"{name}: logits of deviation {logits.std():.2f}")


if __name__ == "__main__":
    main()
