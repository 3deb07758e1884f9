"""A Jupyter server in a process of its own, and Chromium: for browser tests and benchmarks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.waiting import DEADLINE_S, until


@dataclass(frozen=True)
class JupyterServer:
    """A Jupyter server that answers."""

    url: str
    """Ends with a slash."""
    token: str
    pid: int


def folders_in(folder: Path) -> dict[str, str]:
    """Return an environment in which Jupyter and the platform keep everything below a folder."""
    names = ("DATA", "RUNTIME", "CONFIG")
    return dict(os.environ) | {f"JUPYTER_{key}_DIR": str(folder / key.lower()) for key in names}


@contextmanager
def running_jupyter(
    folder: Path,
    environment: Mapping[str, str],
    *,
    module: Sequence[str] = ("jupyterlab",),
    options: Sequence[str] = (),
    is_asked: bool = False,
) -> Iterator[JupyterServer]:
    """Start a Jupyter server at a free port of this machine, and end it.

    Parameters
    ----------
    folder : Path
        Where it is started; its log is written there.
    environment : mapping
        As `folders_in` makes it; no other server uses the same runtime folder.
    module : sequence of str
        Module that starts it, such as ``jupyterlab`` or ``jupyter_server``, and its first words.
    options : sequence of str
        More of its command line.
    is_asked : bool
        Whether JupyterLab may ask what it asks a new user.

    Raises
    ------
    RuntimeError
        With the log, if it ends instead of answering.
    """
    if not is_asked:
        _decline_news(Path(environment["JUPYTER_CONFIG_DIR"]))
    command = [sys.executable, "-m", *module, "--no-browser", "--ServerApp.port=0"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder}", *options]
    if os.geteuid() == 0:
        command.append("--allow-root")
    log = folder / "jupyter.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        info = _info(Path(environment["JUPYTER_RUNTIME_DIR"]), process, log)
        yield JupyterServer(info["url"], info["token"], process.pid)
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE_S)


def _info(runtime_dir: Path, process: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    path = runtime_dir / f"jpserver-{process.pid}.json"

    def found() -> dict[str, str] | None:
        if process.poll() is not None:
            raise RuntimeError(f"The Jupyter server did not start:\n{log.read_text()}")
        try:
            return json.loads(path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None  # it is not there yet, or being written

    return until(found, lambda: f"A Jupyter server with this log:\n{log.read_text()}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium without a window, and end it.

    Raises
    ------
    FileNotFoundError
        If it is not installed.
    """
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        raise FileNotFoundError("Chromium is needed: on Debian, apt install chromium")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


def _decline_news(config: Path) -> None:
    """Answer JupyterLab's question about news, which would lie over cards of the launcher."""
    folder = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True, exist_ok=True)
    answer = {"fetchNews": "false", "checkForUpdates": False}
    (folder / "notification.jupyterlab-settings").write_text(json.dumps(answer), encoding="utf-8")
