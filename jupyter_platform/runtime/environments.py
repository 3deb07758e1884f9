"""Environments that a job may run in: interpreters, their folders, and names of kernels."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path

from jupyter_platform.core.errors import nearest, refusal

_FOLDER_INTERPRETERS = ("bin/python", "bin/python3")
_CONDA_LIST = Path("~/.conda/environments.txt")
ACCEPTED = (
    "the path of an interpreter, of a virtual or conda environment, or the name of a conda "
    "environment or a Jupyter kernel"
)


@dataclass(frozen=True)
class Environment:
    """An interpreter, or a kernel of any language."""

    name: str
    """As it was asked for."""
    interpreter: str | None
    """Absolute path; None for a kernel that is no Python."""
    argv: tuple[str, ...] = ()
    """How its kernel is started, with ``{connection_file}``; empty: ipykernel."""
    variables: dict[str, str] = field(default_factory=dict)
    """What the kernel's specification sets."""
    language: str = "python"


def find_environment(name: str | None) -> Environment:
    """Return the environment of a name on this machine.

    Parameters
    ----------
    name : str or None
        Path of an interpreter or of an environment's folder, name of a Jupyter kernel or of a conda
        environment; None for the platform's own interpreter.

    Raises
    ------
    OptionError
        If there is none of that name here.
    """
    if name is None:
        return Environment(sys.executable, sys.executable)
    if "/" in name or name.startswith("~"):
        return Environment(name, _interpreter(name))
    kernels = kernel_specifications()
    known = {kernel.lower(): kernel for kernel in kernels}
    if name.lower() in known:
        return _of_kernel(name, kernels[known[name.lower()]])
    folders = {path.name: path for path in _conda_folders()}
    if name in folders:
        return Environment(name, _interpreter(str(folders[name])))
    near = nearest(name, [*kernels, *folders])
    hint = f" Did you mean {near}?" if near else ""
    listed = ", ".join(sorted({*kernels, *folders})) or "none"
    message = f"python = {name!r} is no environment of this machine.{hint} By name there is: "
    raise refusal("python", name, f"{message}{listed}.", ACCEPTED)


def kernel_specifications() -> dict[str, dict[str, Any]]:
    """Return the ``kernel.json`` of each Jupyter kernel of this machine, by its name."""
    found: dict[str, dict[str, Any]] = {}
    for folder in jupyter_path("kernels"):
        for path in sorted(Path(folder).glob("*/kernel.json")):
            try:
                content = json.loads(path.read_text())
            except (OSError, ValueError):
                continue
            if isinstance(content, dict) and content.get("argv"):
                found.setdefault(path.parent.name, content)
    return found


def _of_kernel(name: str, content: dict[str, Any]) -> Environment:
    language = str(content.get("language", "")).lower()
    argv = [str(word) for word in content["argv"]]
    if argv[0] in ("python", "python3"):
        # As Jupyter has it: the kernel of the environment that Jupyter itself runs in.
        argv[0] = sys.executable
    interpreter = argv[0] if language == "python" and os.path.isabs(argv[0]) else None
    variables = {str(key): str(value) for key, value in (content.get("env") or {}).items()}
    return Environment(name, interpreter, tuple(argv), variables, language)


def _interpreter(text: str) -> str:
    path = Path(text).expanduser()
    places = [path, *(path / place for place in _FOLDER_INTERPRETERS)]
    for place in places:
        if place.is_file() and os.access(place, os.X_OK):
            # Not resolved: the link is what tells an interpreter of its virtual environment.
            return str(place.absolute())
    message = f"python = {text!r}: there is no interpreter there; give {ACCEPTED}."
    raise refusal("python", text, message, ACCEPTED)


def _conda_folders() -> list[Path]:
    try:
        lines = _CONDA_LIST.expanduser().read_text().splitlines()
    except OSError:
        return []
    return [Path(line.strip()) for line in lines if line.strip()]
