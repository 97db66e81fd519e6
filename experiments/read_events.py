"""Prints what TensorBoard reads from the event files of a run, as JSON.

    python -m venv venv && venv/bin/pip install tensorboard
    venv/bin/python experiments/read_events.py runs/events

Prints {"scalars": {tag: [[step, value], ...]}, "texts": {tag: text}}. The test
`crates/vortex-train/tests/training/tensorboard.rs` compares it with metrics.jsonl; set
VORTEX_PYTHON to an interpreter that has TensorBoard.
"""

import json
import sys

from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator

if len(sys.argv) != 2:
    sys.exit(__doc__)

# The reader that the web page uses, and the older one that scripts use: both must agree.
modern = plugin_event_accumulator.EventAccumulator(sys.argv[1], tensor_size_guidance={"tensors": 0})
classic = event_accumulator.EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
modern.Reload()
classic.Reload()

scalars = {
    tag: [[e.step, e.value] for e in classic.Scalars(tag)] for tag in classic.Tags()["scalars"]
}
texts = {}
for tag in modern.Tags()["tensors"]:
    events = modern.Tensors(tag)
    if modern.SummaryMetadata(tag).plugin_data.plugin_name == "text":
        texts[tag] = events[-1].tensor_proto.string_val[0].decode()
        continue
    values = [[e.step, e.tensor_proto.float_val[0]] for e in events]
    assert values == scalars[tag], f"{tag}: the two readers disagree"

print(json.dumps({"scalars": scalars, "texts": texts}))
