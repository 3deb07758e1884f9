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

import pytest
from playwright.sync_api import Page, sync_playwright

START_TIMEOUT_S = 60


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab."""

    url: str
    token: str

    def page_url(self, path: str = "lab") -> str:
        """Return the address of a page, logged in; `reset` forgets the layout of the last one."""
        return f"{self.url}{path}?token={self.token}&reset"


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


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start JupyterLab with the installed extension, and end it."""
    folder = tmp_path_factory.mktemp("lab")
    runtime_dir = folder / "runtime"
    folders = {"DATA": folder / "data", "RUNTIME": runtime_dir, "CONFIG": folder / "config"}
    environment = dict(os.environ) | {f"JUPYTER_{k}_DIR": str(v) for k, v in folders.items()}
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
        yield Lab(info["url"], info["token"])
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
