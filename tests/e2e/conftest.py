"""A real JupyterLab and a real browser, in folders of their own."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright

START_TIMEOUT_S = 120


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab, beside a running platform."""

    url: str
    token: str
    environment: dict[str, str]
    """Leads a process to the folders of both."""

    def page_url(self, path: str = "lab", *, reset: bool = True) -> str:
        """Return the address of a page, logged in; `reset` forgets the layout of the last one."""
        return f"{self.url}{path}?token={self.token}{'&reset' if reset else ''}"

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the Jupyter server's own API, and return its JSON answer."""
        headers = {"Authorization": f"token {self.token}"}
        answer = httpx.request(method, f"{self.url}api/{path}", headers=headers, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def _server_info(runtime_dir: Path, process: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        for path in runtime_dir.glob("jpserver-*.json"):
            try:
                return json.loads(path.read_text())
            except json.JSONDecodeError:
                continue  # it is being written
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


def _platform(environment: dict[str, str], *words: str) -> None:
    command = [sys.executable, "-m", "jupyter_platform.cli.main", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start JupyterLab with the installed extension, and a platform; end both."""
    folder = tmp_path_factory.mktemp("lab")
    runtime_dir = folder / "runtime"
    folders = {"DATA": folder / "data", "RUNTIME": runtime_dir, "CONFIG": folder / "config"}
    environment = dict(os.environ) | {f"JUPYTER_{k}_DIR": str(v) for k, v in folders.items()}
    # Other platforms of this machine may have been given all of it.
    _platform(environment, "up", "--overcommit")
    try:
        yield from _lab(folder, runtime_dir, environment)
    finally:
        _platform(environment, "down", "--stop-jobs")


def _lab(folder: Path, runtime_dir: Path, environment: dict[str, str]) -> Iterator[Lab]:
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.port=0"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder}"]
    if os.geteuid() == 0:
        command.append("--allow-root")
    log = folder / "jupyter.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        info = _server_info(runtime_dir, process, log)
        yield Lab(info["url"], info["token"], environment)
    finally:
        process.terminate()
        process.wait(timeout=START_TIMEOUT_S)


@pytest.fixture
def page() -> Iterator[Page]:
    """Open an empty page in Chromium, at the size of a small laptop."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.fail("Chromium is needed: on Debian, apt install chromium")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        yield page
        browser.close()
