"""A model that was trained on nine tenths of the records of a table, and the last tenth under it."""

import json
import subprocess

from origin import ROOT, origin
from whole_files import version


def measure(vortex, path, out, note):
    """Trains (unless the model is there), evaluates, and returns one row for each codec."""
    config, schema = ROOT / "configs" / "cpu_small.yaml", path.with_suffix(".json")
    run, result = out / path.stem, out / f"{path.stem}.json"
    out.mkdir(parents=True, exist_ok=True)
    about = origin(f"vortex train --config configs/cpu_small.yaml --data {path.name}; vortex evaluate", version(vortex), note)
    start = {"set": path.stem}
    try:
        if not (run / "model.vxm").exists():
            call(vortex, "train", "-q", "--config", config, "--data", path, "--schema", schema, "--out", run)
        call(vortex, "evaluate", "-q", "-m", run / "model.vxm", "--data", path, "--schema", schema, "--json", result)
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or [f"ended with {error.returncode}"])[-1]
        return [start | {"codec": "vortex, trained", "original_bytes": 0, "failed": reason} | about]
    result = json.loads(result.read_text(encoding="utf-8"))
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    rows = []
    for number, codec in enumerate(result["codecs"]):
        row = start | {key: codec[key] for key in ("bytes", "encode_s", "decode_s")} | about
        row |= {"codec": codec["name"], "original_bytes": result["bytes"]}
        row["bits_per_byte"] = f"{8 * codec['bytes'] / result['bytes']:.3f}"
        if number == 0:
            row |= {
                "codec": "vortex, trained",
                "model_bytes": result["model_bytes"],
                "training_s": round(summary["seconds"]),
                "steps": summary.get("steps", ""),
                "integer_cost_percent": round(summary["model"]["integer_cost_percent"], 3),
                "overhead_percent": round(100 * (8 * codec["bytes"] / result["cross_entropy_bits"] - 1), 3),
            }
        rows.append(row)
    return rows


def call(*words):
    subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True)
