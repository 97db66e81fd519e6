"""One module of rivals on one file, in a process of its own: a line of JSON for each rival."""

import importlib
import json
import pathlib
import sys
import time

import tables
from interface import NotApplicable


def measure(rival, table, data):
    if rival.most_bytes and len(data) > rival.most_bytes:
        raise NotApplicable(f"not run above {rival.most_bytes / 1e6:.1f} MB, because it is slow")
    start = time.perf_counter()
    packed = rival.compress(table)
    encode = time.perf_counter() - start
    start = time.perf_counter()
    values = rival.decompress(packed, table)
    back = tables.joined(table, values) if isinstance(values, list) else values.tobytes()
    decode = time.perf_counter() - start
    if back != data:
        raise ValueError("did not give back the same bytes")
    return {"bytes": len(packed), "encode_s": round(encode, 4), "decode_s": round(decode, 4)}


def main(module, path):
    data, table = path.read_bytes(), tables.read(path)
    for rival in importlib.import_module(module).RIVALS:
        try:
            result = measure(rival, table, data)
        except NotApplicable as reason:
            result = {"failed": f"not applicable: {reason}"}
        except Exception as error:  # whatever a rival's library raises is its result
            result = {"failed": f"failed: {type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps({"codec": rival.name, "original_bytes": len(data), **result}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
