"""Runs in a shim like a training process: steps, metrics, events, and a good end on SIGTERM."""

import json
import os
import signal
import struct
import sys
import time
from pathlib import Path


def main(folder: Path) -> None:
    spec = json.loads((folder / "spec.json").read_text())
    steps = spec["job"]["options"].get("steps", 10**9)
    (folder / "environment.json").write_text(json.dumps(dict(os.environ)))
    (folder / "metrics").mkdir(exist_ok=True)
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    print("the stand-in begins", flush=True)  # noqa: T201 - what output.log is tested with
    step = 0
    with open(folder / "metrics" / "loss.rec", "ab") as metrics:
        with open(folder / "events.jsonl", "a") as events:
            events.write(json.dumps({"time": time.time(), "kind": "phase", "text": "on"}) + "\n")
        while not stopped and step < steps:
            step += 1
            metrics.write(struct.pack("<qdd", step, time.time(), 1 / step))
            metrics.flush()
            time.sleep(0.01)
    result = {"status": "stopped" if stopped else "finished", "step": step}
    (folder / ".result").write_text(json.dumps(result))
    (folder / ".result").rename(folder / "result.json")


main(Path(sys.argv[1]))
