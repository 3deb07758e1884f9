"""Deployments of small items of one's own, in real run folders below a real shim."""

from __future__ import annotations

import base64
import hashlib
import http.client
import itertools
import json
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_platform.core.recipes import DeploymentRun
from jupyter_platform.core.runs import ExitRecord, RunEvent, RunResult
from jupyter_platform.runtime import shim
from jupyter_platform.runtime.item_folders import read_recipe
from jupyter_platform.runtime.run_folder import RunFolder
from tests.waiting import until

SERVICE = Path(__file__).with_name("small_service.py")


def answer_at(path: Path, url: str) -> str:
    """Return what a service on a unix socket answers."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(path))
        connection = http.client.HTTPConnection("localhost")
        connection.sock = line
        connection.request("GET", url)
        return connection.getresponse().read().decode()


@dataclass
class Deployed:
    """One deployment on its way."""

    path: Path
    sockets: Path

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.path)

    def log(self) -> str:
        path = self.path / "output.log"
        return path.read_text() if path.exists() else ""

    def events(self, kind: str) -> list[dict[str, Any]]:
        path = self.path / "events.jsonl"
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        whole = [RunEvent.model_validate_json(line) for line in lines if line.endswith(b"\n")]
        return [dict(event.model_extra or {}) for event in whole if event.kind == kind]

    def phases(self) -> list[str]:
        return [
            name for name, _ in itertools.groupby(item["name"] for item in self.events("phase"))
        ]

    def wait_ready(self) -> None:
        until(lambda: "ready" in self.phases() or self.ended(), self.log)
        assert "ready" in self.phases(), self.log()

    def ended(self) -> bool:
        return (self.path / "exit.json").exists()

    def wait(self) -> tuple[ExitRecord, RunResult]:
        until(self.ended, self.log)
        left, result = self.folder.exit(), self.folder.result()
        assert left is not None
        assert result is not None, self.log()
        return left, result

    def failure(self) -> str:
        """Wait for the end and return the sentence of the failure."""
        left, result = self.wait()
        assert (left.code, result.status) == (1, "failed"), self.log()
        assert result.error is not None
        return result.error.message

    def get(self, service: str = "api", path: str = "") -> dict[str, Any]:
        """Ask the small service what it finds around it."""
        url = f"/base/{service}/{path}"
        found: dict[str, Any] = json.loads(answer_at(self.sockets / f"{service}.sock", url))
        return found


@pytest.fixture
def deploy(paths, tmp_path) -> Iterator[Callable[..., Deployed]]:
    """Deploy an item: its recipe, files of its folder, and fields of the deployment."""
    found: list[Deployed] = []

    def begin(
        recipe: dict[str, Any], *, name: str = "small", files: dict[str, str] | None = None,
        **fields: Any,
    ) -> Deployed:  # fmt: skip
        folder = tmp_path / "items" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "recipe.yml").write_text(yaml.safe_dump(recipe))
        (folder / "small_service.py").write_text(SERVICE.read_text())
        for file, text in (files or {}).items():
            (folder / file).write_text(text)
        number = len(found) + 1
        sockets = tmp_path / f"s{number}"
        sockets.mkdir(mode=0o700)
        read = read_recipe(folder)
        assert read is not None
        run = DeploymentRun(
            id=f"d{number}",
            item=name,
            folder=str(folder),
            recipe=read,
            service=fields.pop("service", read.main_service),
            base_urls={service: f"/base/{service}/" for service in read.services},
            sockets=str(sockets),
            **fields,
        )
        path = paths.data / "hosts" / "here" / "runs" / run.id / "1" / "0"
        path.mkdir(parents=True)
        spec = {"run": {"workload": run.id, "attempt": 1}, "memory": 64_000_000}
        spec["deployment"] = run.model_dump(mode="json")
        (path / "spec.json").write_text(json.dumps(spec))
        command = [sys.executable, "-P", "-m", "jupyter_platform.serving.runner", str(path)]
        subprocess.run(
            [sys.executable, "-I", "-S", shim.__file__, str(path), "--", *command], check=True
        )
        deployed = Deployed(path, sockets)
        found.append(deployed)
        return deployed

    yield begin
    for item in found:
        if item.folder.is_alive():
            item.folder.signal("kill")
            until(lambda item=item: not item.folder.is_alive(), "the end of the deployment")


def serves(*modes: str, **more: Any) -> dict[str, Any]:
    """Return the recipe of a service of the small program."""
    return {"command": ["python", "{item}/small_service.py", *modes], **more}


@pytest.fixture
def index(tmp_path, monkeypatch) -> Callable[..., str]:
    """Put packages of one module each where uv finds them, alone; return their lines of a lock."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))

    def add(name: str, version: str) -> str:
        path = folder / f"{name}-{version}-py3-none-any.whl"
        _write_wheel(path, name, version)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return f"{name}=={version} \\\n    --hash=sha256:{digest}\n    # via nothing\n"

    return add


def _write_wheel(path: Path, name: str, version: str) -> None:
    information = f"{name}-{version}.dist-info"
    content = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in content.items():
            archive.writestr(file, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
            lines.append(f"{file},sha256={digest.decode()},{len(text)}\n")
        archive.writestr(f"{information}/RECORD", "".join([*lines, f"{information}/RECORD,,\n"]))
