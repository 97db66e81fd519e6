"""Times training steps of the small model in PyTorch and in Vortex, in turns, on the same file and threads.

    python3 experiments/pytorch_speed/compare.py FILE SCHEMA [--rounds 5] [--steps 40] [--threads 2] [--compile]

Needs torch and cargo; FILE has records of 4-byte fields. A step is: random windows, forward, backward, clipping by the
global norm, AdamW. Both sides have configs/cpu_small.yaml, the same number of parameters and the same batch; before anything is
timed, PyTorch computes the loss of our initial weights on one of our batches, and it must be ours.

On a machine with other work to do, PyTorch's threads wait for each other in every operation and ours only at the end of
a step: there, believe the processor time with `--threads 1`, which depends little on others.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy
import torch
from model import RANKS, Model

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = ROOT / "configs/cpu_small.yaml"
WARM_UP = 10  # as in step_speed


def read_start(path):
    """Tensors and metadata of a safetensors file."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header, data = json.loads(data[8 : 8 + size]), data[8 + size :]
    metadata = header.pop("__metadata__")
    types = {"F32": numpy.float32, "U8": numpy.uint8}

    def tensor(entry):
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(data[begin:end], types[entry["dtype"]])
        return torch.from_numpy(values.reshape(entry["shape"]).copy())

    return {name: tensor(entry) for name, entry in header.items()}, metadata


class Ours:
    def __init__(self, args):
        build = ["cargo", "build", "--quiet", "--release", "-p", "vortex-train", "--example", "step_speed"]
        messages = subprocess.run(build + ["--message-format=json"], cwd=ROOT, check=True, capture_output=True, text=True)
        artifacts = [json.loads(line) for line in messages.stdout.splitlines()]
        self.program = next(a["executable"] for a in artifacts if a.get("target", {}).get("name") == "step_speed")
        self.arguments = [args.file, args.schema, CONFIG, str(args.steps), str(args.threads)]

    def run(self, *start):
        command = [self.program, *self.arguments, *start]
        words = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        return {key: int(value) for key, value in zip(words[::2], words[1::2])}


class PyTorch:
    def __init__(self, args, start, shape):
        self.model = Model(json.loads(start[1]["lag"]))
        self.model.load(start[0])
        self.parameters = sum(p.numel() for p in self.model.parameters())
        self.step = torch.compile(self.model) if args.compile else self.model
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.05, fused=True)
        self.steps, (self.windows, self.records, fields) = args.steps, shape
        data = numpy.fromfile(args.file, numpy.uint8)
        stride = fields * RANKS
        data = data[: len(data) // stride * stride].reshape(-1, fields, RANKS)
        # Most significant byte first.
        self.symbols = torch.from_numpy(data[:, :, ::-1].astype(numpy.int64))
        self.tokens = self.windows * (self.records - 1) * fields

    def run(self):
        seconds = []
        for step in range(WARM_UP + self.steps):
            if step == WARM_UP:
                processor = time.process_time()
            start = time.perf_counter()
            first = torch.randint(0, len(self.symbols) * 8 // 10 - self.records, (self.windows,))
            loss = self.step(torch.stack([self.symbols[i : i + self.records] for i in first]))
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimiser.step()
            seconds.append(time.perf_counter() - start)
        processor = time.process_time() - processor
        seconds = seconds[WARM_UP:]
        return {"best": self.tokens / min(seconds), "median": self.tokens / statistics.median(seconds),
                "cpu": self.tokens * self.steps / processor}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=lambda p: str(pathlib.Path(p).resolve()))
    parser.add_argument("schema", type=lambda p: str(pathlib.Path(p).resolve()))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true", help="with torch.compile (needs a C++ compiler)")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)

    ours = Ours(args)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "start.safetensors"
        first = ours.run(path)
        start = read_start(path)
    symbols = start[0].pop("symbols").long()
    windows, records, roles = symbols.shape
    symbols = symbols.reshape(windows, records, roles // RANKS, RANKS)
    peer = PyTorch(args, start, symbols.shape[:3])
    bits = float(start[1]["mean_bits"])
    with torch.no_grad():
        peer_bits = peer.model(symbols).item()
    print(f"{first['parameters']} and {peer.parameters} parameters, {first['tokens']} and {peer.tokens} tokens a step, "
          f"{first['threads']} threads; the same weights cost {bits:.5f} and {peer_bits:.5f} bits a byte")
    assert first["parameters"] == peer.parameters and first["tokens"] == peer.tokens
    assert first["threads"] == args.threads == torch.get_num_threads()
    assert abs(bits - peer_bits) < 1e-4, "not the same model"

    rounds = []
    for _ in range(args.rounds):
        a, b = ours.run(), peer.run()
        rounds.append((a, b))
        print(f"Vortex {a['median']:.0f} tokens/s, PyTorch {torch.__version__} {b['median']:.0f}: "
              f"{a['median'] / b['median']:.2f} times")
    for key, what in (("median", "tokens/s, median step"), ("best", "tokens/s, best step"),
                      ("cpu", "tokens a second of processor time")):
        ours_best, peer_best = (max(r[side][key] for r in rounds) for side in (0, 1))
        ratios = [a[key] / b[key] for a, b in rounds]
        print(f"{what}: best of the rounds {ours_best:.0f} and {peer_best:.0f}, {ours_best / peer_best:.2f} times; "
              f"median ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
