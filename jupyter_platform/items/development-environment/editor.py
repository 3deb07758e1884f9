"""Becomes the editor that was chosen: JupyterLab, or VS Code by code-server."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

EDITORS = ("JupyterLab", "VS Code")


def main() -> None:
    """Replace this process by the editor's."""
    chosen = _chosen()
    words = _vs_code() if chosen == "VS Code" else _jupyterlab()
    os.execv(words[0], words)  # it never comes back


def _chosen() -> str:
    with open(os.environ["JUPYTER_PLATFORM_CONFIGURATION"]) as file:
        configuration = json.load(file)
    chosen = str(configuration.get("item", {}).get("editor", EDITORS[0]))
    if chosen not in EDITORS:
        sys.exit(f"editor = {chosen!r}: it must be one of {', '.join(EDITORS)}.")
    return chosen


def _jupyterlab() -> list[str]:
    """Return the command of a JupyterLab that only its socket leads to.

    Who may come in is the gateway's to say: there is no token here that could leak.
    """
    options = {
        "ServerApp.sock": os.environ["JUPYTER_PLATFORM_SOCKET"],
        "ServerApp.sock_mode": "0600",
        "ServerApp.base_url": os.environ["JUPYTER_PLATFORM_BASE_URL"],
        "ServerApp.root_dir": os.getcwd(),
        "ServerApp.open_browser": "False",
        "ServerApp.allow_remote_access": "True",
        "ServerApp.quit_button": "False",
        "IdentityProvider.token": "",
        "PasswordIdentityProvider.hashed_password": "",
        "LabApp.news_url": "",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    words = [
        sys.executable,
        "-m",
        "jupyterlab",
        *(f"--{key}={text}" for key, text in options.items()),
    ]
    return [*words, "--allow-root"] if os.getuid() == 0 else words


def _vs_code() -> list[str]:
    program = shutil.which("code-server")
    if program is None:
        sys.exit(
            f"There is no code-server on the PATH of host {os.uname().nodename}. Install it there, "
            "or choose JupyterLab."
        )
    # Its own folders, so that nothing of a code-server of the person's is shared.
    own = Path.cwd() / ".vscode-server"
    return [
        program, "--auth=none", f"--socket={os.environ['JUPYTER_PLATFORM_SOCKET']}",
        "--socket-mode=600", f"--abs-proxy-base-path={os.environ['JUPYTER_PLATFORM_BASE_URL']}",
        f"--user-data-dir={own / 'data'}", f"--extensions-dir={own / 'extensions'}",
        "--disable-telemetry", "--disable-update-check", str(Path.cwd()),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
