"""Hosts that answer as real ones do, from memory, and fail on request."""

from __future__ import annotations

import asyncio
import hashlib
import json
import struct
import time
from dataclasses import dataclass, field

from jupyter_platform.core.errors import HostError, NotFoundError, UnavailableError
from jupyter_platform.core.hosts import GpuRecord, HostDescription, HostSample
from jupyter_platform.core.runs import RunSpec
from jupyter_platform.runtime.identity import boot_id


@dataclass
class FakeRun:
    """A run folder and its process."""

    spec: RunSpec
    files: dict[str, bytes] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    alive: bool = True
    signals: list[str] = field(default_factory=list)

    def put(self, name: str, value) -> None:
        self.files[name] = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.versions[name] = self.versions.get(name, 0) + 1

    def event(self, kind: str, **facts) -> None:
        line = json.dumps({"time": 1.0, "kind": kind, **facts}).encode() + b"\n"
        self.files["events.jsonl"] = self.files.get("events.jsonl", b"") + line

    def points(self, *steps: int) -> None:
        records = b"".join(struct.pack("<qdd", step, 1.0, 0.5) for step in steps)
        self.files["metrics/loss.rec"] = self.files.get("metrics/loss.rec", b"") + records

    def progress(self, step: int, total: int = 100, rate: float = 10.0) -> None:
        self.put("progress.json", {"step": step, "total": total, "rate": rate, "phase": "training"})

    def begin(self) -> None:
        record = {"pid": 4711, "start_time": 1.0, "boot_id": "b", "started_at": 1.0}
        self.put("process.json", {**record, "shim_pid": 4710, "shim_start_time": 1.0})

    def checkpoint(self, step: int) -> None:
        files = {}
        for name in ("model.safetensors", "state.pt"):
            content = f"{name} at {step}".encode()
            self.files[f"checkpoint/{step:012}/{name}"] = content
            files[name] = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.event("checkpoint", step=step, folder=f"checkpoint/{step:012}", files=files)

    def weights(self, variant: str, content: bytes, step: int = 1, **scores: float) -> None:
        path = f"weights/{variant}.safetensors"
        self.files[path] = content
        facts = {"input_shape": [1, 8, 8], "outputs": 10, "scores": scores}
        network = self.spec.job.networks[0].description.name
        self.event("weights", network=network, variant=variant, file=path, step=step, **facts)

    def end(self, status: str = "finished", retries: int = 0, **result) -> None:
        error = result.pop("error", None)
        record = {"status": status, "step": 5, "result": result, "error": error, "retries": retries}
        self.put("result.json", record)
        self.exit(0 if status != "failed" else 1)

    def exit(self, code: int | None, signal: int | None = None, max_rss: int = 1000) -> None:
        record = {"code": code, "signal": signal, "ended_at": 2.0, "max_rss": max_rss}
        self.put("exit.json", record)
        self.alive = False


FACTS = {
    "size": 150,
    "shape": [4],
    "task": "classification",
    "outputs": 3,
    "parts": {
        "train": {"start": 0, "stop": 120, "size": 108, "seed": 0},
        "validation": {"start": 0, "stop": 120, "size": 12, "seed": 0},
        "test": {"start": 120, "stop": 150, "size": 30},
    },
    "bytes": 1000,
}
"""What is known of every dataset."""


class FakeHost:
    """A host agent behind a link of the same shape as the real one."""

    def __init__(self, name: str, cpus: int = 4, memory: int = 8 * 10**9) -> None:
        self.name = name
        self.address = f"tls://{name}:1"
        self.cpus, self.memory = cpus, memory
        self.gpus = 0
        self.boot_id = boot_id()
        """That of another machine makes it a host elsewhere."""
        self.silent = False
        self.refuse_starts = 0
        self.lose_answers = 0
        """Starts that happen although nobody hears of it."""
        self.dies_at_once = False
        self.starts_nothing = 0
        """Starts that are said to have happened, but nothing comes."""
        self.stops_on_request = True
        self.runs: dict[str, FakeRun] = {}
        self.blobs: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.inspected: list[dict] = []
        self.data_are_read: asyncio.Event | None = None
        """What an answer about a dataset waits for."""
        self.inspection: dict | Exception = {"category": "FF", "errors": [], "warnings": []}

    async def call(self, op, payload=None, data=None, timeout_s=10.0):
        await asyncio.sleep(0)
        if self.silent:
            raise HostError(f"Host {self.name} did not answer {op!r}.")
        self.calls.append(op)
        is_data = op == "inspect" and payload["request"]["op"] == "dataset"
        if is_data and self.data_are_read is not None:
            await self.data_are_read.wait()
        # What crosses is JSON, as on the wire.
        answer = getattr(self, f"_{op}")(json.loads(json.dumps(payload or {})), data)
        told, beside = answer if isinstance(answer, tuple) else (answer, None)
        return json.loads(json.dumps(told)), beside

    def _describe(self, payload, data):
        return HostDescription(
            name=self.name,
            id=f"id-{self.name}",
            boot_id=self.boot_id,
            hostname=self.name,
            arch="x86_64",
            os="Linux",
            ip="127.0.0.1",
            machine_cpus=self.cpus,
            cpus=self.cpus,
            memory=self.memory,
            version="0",
            gpus=[
                GpuRecord(index=index, uuid=f"GPU-{index}", name="GPU", memory=8 * 10**9)
                for index in range(self.gpus)
            ],
        ).model_dump(mode="json")

    def _sample(self, payload, data):
        return HostSample(
            time=time.time(),
            cpu=1,
            memory_used=1,
            memory_total=2,
            disk_free=1,
            disk_total=2,
            network_sent=0,
            network_received=0,
        ).model_dump(mode="json")

    def _list(self, payload, data):
        return {"runs": {run: item.alive for run, item in self.runs.items()}}

    def _has(self, payload, data):
        return {"missing": [digest for digest in payload["digests"] if digest not in self.blobs]}

    def _put(self, payload, data):
        digest = payload["digest"]
        self.blobs[digest] = self.blobs.get(digest, b"")[: payload["offset"]] + data
        if payload["last"]:
            assert hashlib.sha256(self.blobs[digest]).hexdigest() == digest
        return {}

    def _start(self, payload, data):
        spec = RunSpec.model_validate(payload["spec"])
        if self.refuse_starts > 0:
            self.refuse_starts -= 1
            raise HostError(f"Host {self.name} has no space left on its disk.")
        if str(spec.run) not in self.runs:
            run = self.runs[str(spec.run)] = FakeRun(spec)
            if self.starts_nothing > 0:
                self.starts_nothing -= 1
                run.alive = False
                return {}
            run.begin()
            if self.dies_at_once:
                run.exit(None, 9)
        if self.lose_answers > 0:
            self.lose_answers -= 1
            raise HostError(f"Host {self.name} did not answer 'start' in time.")
        return {}

    def _pull(self, payload, data):
        answers, chunks = [], {}
        for request in payload["requests"]:
            run = request["run"]
            key = f"{run['workload']}/{run['attempt']}/{run['rank']}"
            item = self.runs.get(key)
            if item is None:
                answers.append({"run": run, "missing": True})
                continue
            files = {}
            for name in ("process.json", "progress.json", "result.json", "exit.json"):
                token = str(item.versions.get(name, 0))
                if name in item.files and request["tokens"].get(name) != token:
                    files[name] = {"token": token, "content": item.files[name].decode()}
            answers.append({"run": run, "alive": item.alive, "files": files})
            for name in ("events.jsonl", "output.log", "metrics/loss.rec"):
                new = item.files.get(name, b"")[request["offsets"].get(name, 0) :]
                if new:
                    chunks.setdefault(key, {})[name] = new
        return {"answers": answers}, chunks

    def _read(self, payload, data):
        files = self.runs[payload["run"]].files
        if payload["path"] not in files:
            raise NotFoundError(f"There is no {payload['path']}.")
        start = payload["offset"]
        return {}, files[payload["path"]][start : start + payload["length"]]

    def _signal(self, payload, data):
        run = self.runs.get(payload["run"])
        if run is None:
            raise NotFoundError(f"Run {payload['run']} is not on this host.")
        run.signals.append(payload["action"])
        if not run.alive:
            return {"delivered": False}
        if payload["action"] == "kill":
            run.exit(None, 9)
        elif self.stops_on_request:
            run.end("stopped", headline={"name": "loss", "value": 0.5})
        return {"delivered": True}

    def _remove(self, payload, data):
        self.runs.pop(payload["run"], None)
        return {}

    def _inspect(self, payload, data):
        self.inspected.append(payload["request"])
        if isinstance(self.inspection, Exception):
            raise self.inspection
        if payload["request"]["op"] == "dataset":
            return FACTS
        if payload["request"]["op"] != "check":
            raise UnavailableError("The inspector is busy.")
        return self.inspection


class FakeCluster:
    """Members that come and go."""

    def __init__(self, *hosts: FakeHost) -> None:
        self.members = {host.name: host for host in hosts}
        self._callbacks = []

    def links(self):
        return dict(self.members)

    def on_change(self, callback):
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def join(self, host: FakeHost) -> None:
        self.members[host.name] = host
        self._tell()

    def leave(self, host: FakeHost) -> None:
        self.members.pop(host.name, None)
        self._tell()

    def restart(self, host: FakeHost) -> None:
        """Give a host process another life; what it started lives on."""
        host.address = host.address + "1"
        self._tell()

    def _tell(self) -> None:
        for callback in list(self._callbacks):
            callback()
