"""Items of the package as they are deployed: the real runner, environment and API server."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_platform.core.recipes import DeploymentRun
from jupyter_platform.core.runs import RunEvent
from jupyter_platform.runtime import shim
from jupyter_platform.runtime.item_folders import own_items, read_recipe
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.run_folder import RunFolder
from tests.waiting import DEADLINE_S, until


class RunningItem:
    """A deployment of an item, asked over its sockets."""

    def __init__(self, path: Path, sockets: Path, service: str) -> None:
        self.path = path
        self._service = service
        transport = httpx.HTTPTransport(uds=str(sockets / f"{service}.sock"))
        self.http = httpx.Client(
            transport=transport, base_url=f"http://localhost/base/{service}/", timeout=DEADLINE_S
        )

    def log(self) -> str:
        path = self.path / "output.log"
        return path.read_text() if path.exists() else ""

    def phases(self) -> list[dict[str, Any]]:
        path = self.path / "events.jsonl"
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        events = [RunEvent.model_validate_json(line) for line in lines if line.endswith(b"\n")]
        return [dict(event.model_extra or {}) for event in events if event.kind == "phase"]

    def is_ready(self) -> bool:
        assert not (self.path / "exit.json").exists(), self.log()
        return any(phase["name"] == "ready" for phase in self.phases())

    def model(self) -> str:
        """Wait until the model is ready and return its name."""

        def names() -> list[str]:
            answer = self.http.get("v2/models/")
            return [item["id"] for item in answer.json()["models"]] if answer.is_success else []

        return until(names, self.log)[0]

    def predict(self, files: dict[str, Any] | None = None, **arguments: Any) -> Any:
        """Return the predictions, or the bytes of an answer that is no JSON."""
        headers = {"Accept": arguments.get("accept", "application/json")}
        answer = self.http.post(
            f"v2/models/{self._named()}/predict/", params=arguments, files=files, headers=headers
        )
        assert answer.is_success, answer.text
        if answer.headers["content-type"].startswith("application/json"):
            return answer.json()["predictions"]
        return answer.content

    def refusal(self, files: dict[str, Any] | None = None, **arguments: Any) -> httpx.Response:
        """Return an answer that is an error."""
        url = f"v2/models/{self._named()}/predict/"
        answer = self.http.post(url, params=arguments, files=files)
        assert answer.is_error
        return answer

    def train(self, files: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
        """Train to the end and return what came of it."""
        url = f"v2/models/{self._named()}/train/"
        begun = self.http.post(url, params=arguments, files=files)
        assert begun.is_success, begun.text
        place = f"{url}{begun.json()['uuid']}"

        def ended() -> dict[str, Any] | None:
            found: dict[str, Any] = self.http.get(place).json()
            return found if found["status"] != "running" else None

        found = until(ended, self.log)
        assert found["status"] == "done", found
        return found["result"]["output"]

    def _named(self) -> str:
        if not hasattr(self, "_model"):
            self._model = self.model()
        return self._model


@contextlib.contextmanager
def run_item(name: str, **fields: Any) -> Iterator[RunningItem]:
    """Deploy an item of the package on this machine, and end it afterwards."""
    folder = own_items()[name]
    recipe = read_recipe(folder)
    assert recipe is not None
    place = Path(tempfile.mkdtemp(prefix="jp-", dir="/tmp"))
    sockets = place / "s"
    sockets.mkdir(mode=0o700)
    service = fields.pop("service", recipe.main_service)
    run = DeploymentRun(
        id=name,
        item=name,
        folder=str(folder),
        recipe=recipe,
        service=service,
        base_urls={found: f"/base/{found}/" for found in recipe.services},
        sockets=str(sockets),
        **fields,
    )
    path = place / "run"
    path.mkdir()
    spec = {"run": {"workload": name, "attempt": 1}, "deployment": run.model_dump(mode="json")}
    (path / "spec.json").write_text(json.dumps(spec))
    command = [sys.executable, "-P", "-m", "jupyter_platform.serving.runner", str(path)]
    start = [sys.executable, "-I", "-S", shim.__file__, str(path), "--", *command]
    Paths.default().ensure()
    # As a host agent starts it: threads as many as were leased.
    subprocess.run(start, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    item = RunningItem(path, sockets, service)
    try:
        until(item.is_ready, item.log)
        yield item
    finally:
        item.http.close()
        RunFolder(path).signal("stop")
        until((path / "exit.json").exists, item.log)
        shutil.rmtree(place)


@pytest.fixture(scope="session")
def running_item():
    """Return what deploys an item of the package."""
    return run_item
