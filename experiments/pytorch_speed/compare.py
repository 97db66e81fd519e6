"""Times training steps of the small model in PyTorch and in Vortex, in turns, on the same file and threads.

    python3 experiments/pytorch_speed/compare.py DATA/cms_jets_row.bin DATA/cms_jets_row.json [--rounds 3] [--steps 60]
        [--compile]

Needs torch and cargo. A step is: random windows, forward, backward, clipping by the global norm, AdamW.
"""

import argparse
import pathlib
import statistics
import subprocess
import time

import numpy
import torch
from model import RANKS, Model

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEQUENCES, TOKENS = 8, 256  # of configs/cpu_small.yaml


def ours(args):
    command = ["cargo", "run", "--quiet", "--release", "-p", "vortex-train", "--example", "step_speed", "--"]
    command += [args.file, args.schema, str(ROOT / "configs/cpu_small.yaml"), str(args.steps)]
    words = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    values = dict(zip(words[::2], words[1::2]))
    return float(values["tokens/s"]), int(values["parameters"])


def pytorch(args, symbols, compiled):
    torch.manual_seed(1)
    model = Model(symbols.shape[1])
    parameters = sum(p.numel() for p in model.parameters())
    step = torch.compile(model) if compiled else model
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.05, fused=True)
    records = max(TOKENS // symbols.shape[1], 1)
    seconds = []
    for _ in range(args.steps):
        start = time.perf_counter()
        first = torch.randint(0, len(symbols) * 8 // 10 - records, (SEQUENCES,))
        batch = torch.stack([symbols[i : i + records + 1] for i in first])
        loss = step(batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        seconds.append(time.perf_counter() - start)
    return SEQUENCES * records * symbols.shape[1] / statistics.median(seconds), parameters, loss.item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=lambda p: str(pathlib.Path(p).resolve()))
    parser.add_argument("schema", type=lambda p: str(pathlib.Path(p).resolve()))
    parser.add_argument("--stride", type=int, default=144)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true", help="with torch.compile (needs a C++ compiler)")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    data = numpy.fromfile(args.file, numpy.uint8)
    data = data[: len(data) // args.stride * args.stride].reshape(-1, args.stride // RANKS, RANKS)
    # Most significant byte first.
    symbols = torch.from_numpy(data[:, :, ::-1].astype(numpy.int64))
    ratios = []
    for _ in range(args.rounds):
        speed, parameters = ours(args)
        peer, peer_parameters, loss = pytorch(args, symbols, args.compile)
        ratios.append(speed / peer)
        print(f"vortex {speed:.0f} tokens/s ({parameters} parameters), PyTorch {torch.__version__} {peer:.0f} "
              f"({peer_parameters}; {loss:.2f} bits at the end), ratio {speed / peer:.2f}")
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
