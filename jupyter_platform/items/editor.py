"""Becomes the editor that was chosen: JupyterLab, or VS Code by code-server.

``python -m jupyter_platform.items.editor`` is the service ``ide`` of a deployment.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from jupyter_platform.runtime.atomic import write_json_atomic

EDITORS = ("JupyterLab", "VS Code")


def main() -> None:
    """Replace this process by the editor's."""
    path = Path(os.environ["JUPYTER_PLATFORM_CONFIGURATION"])
    configuration = json.loads(path.read_text())
    chosen = str(configuration.get("item", {}).get("editor", EDITORS[0]))
    if chosen not in EDITORS:
        sys.exit(f"editor = {chosen!r}: it must be one of {', '.join(EDITORS)}.")
    hashed = str(configuration.get("general", {}).get("password_hash") or "")
    if chosen == "VS Code":
        words = _vs_code(hashed)
    else:
        words = _jupyterlab(hashed, path.with_name("jupyter_server_config.json"))
    os.execv(words[0], words)  # it never comes back


def _jupyterlab(hashed: str, config: Path) -> list[str]:
    """Return the command of a JupyterLab that only its socket leads to.

    Parameters
    ----------
    hashed : str
        Hash of the password that it asks for; blank: none, the gateway alone says who comes in.
    config : Path
        File for the hash, which others could read in a command line.
    """
    write_json_atomic(
        config, {"PasswordIdentityProvider": {"hashed_password": hashed}}, fsync=False
    )
    options = {
        "ServerApp.sock": os.environ["JUPYTER_PLATFORM_SOCKET"],
        "ServerApp.sock_mode": "0600",
        "ServerApp.base_url": os.environ["JUPYTER_PLATFORM_BASE_URL"],
        "ServerApp.root_dir": os.getcwd(),
        "ServerApp.open_browser": "False",
        "ServerApp.allow_remote_access": "True",
        "ServerApp.quit_button": "False",
        "ServerApp.config_file": str(config),
        "IdentityProvider.token": "",
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


def _vs_code(hashed: str) -> list[str]:
    """Return the command of code-server, which finds the hash of its password in a variable."""
    program = shutil.which("code-server")
    if program is None:
        sys.exit(
            f"There is no code-server on the PATH of host {os.uname().nodename}. Install it there, "
            "or choose JupyterLab."
        )
    if hashed:
        os.environ["HASHED_PASSWORD"] = hashed.removeprefix("argon2:")
    # Its own folders, so that nothing of a code-server of the person's is shared.
    own = Path.cwd() / ".vscode-server"
    return [
        program, f"--auth={'password' if hashed else 'none'}",
        f"--socket={os.environ['JUPYTER_PLATFORM_SOCKET']}", "--socket-mode=600",
        f"--abs-proxy-base-path={os.environ['JUPYTER_PLATFORM_BASE_URL']}",
        f"--user-data-dir={own / 'data'}", f"--extensions-dir={own / 'extensions'}",
        "--disable-telemetry", "--disable-update-check", str(Path.cwd()),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
