"""Files beside a module's source that an installation leaves out.

Modules commonly read ``../ai4-metadata.yml`` relative to their package. Installed from a wheel,
that file lies nowhere. It is then taken from the folder of the item or the one that pip
installed the module from, or made from the metadata of the distribution.
"""

from __future__ import annotations

import builtins
import importlib.metadata
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from jupyter_platform.serving.runner.variables import ITEM_FOLDER

METADATA_FILES = ("ai4-metadata.yml", "ai4-metadata.yaml", "ai4-metadata.json")
_replaced: dict[str, str] = {}
"""Paths that are opened instead of others."""


def replace_missing(error: FileNotFoundError, distribution: str | None) -> bool:
    """Find another place for a file that is missing, from where it is read from now on.

    Parameters
    ----------
    error : FileNotFoundError
        What opening the file raised.
    distribution : str, optional
        Name of the distribution that the module came with.

    Returns
    -------
    bool
        Whether the file is found now.
    """
    missing = error.filename
    if not isinstance(missing, str | bytes | os.PathLike):
        return False
    path = os.path.abspath(os.fsdecode(missing))
    if path in _replaced:
        return False
    found = _elsewhere(Path(path), distribution) or _made(Path(path).name, distribution)
    if found is None:
        return False
    if not _replaced:
        _redirect_open()
    _replaced[path] = str(found)
    return True


def _elsewhere(path: Path, distribution: str | None) -> Path | None:
    """Return the file under a folder of sources that has the longest end of the path."""
    for folder in _source_folders(distribution):
        for start in range(max(1, len(path.parts) - 4), len(path.parts)):
            candidate = folder.joinpath(*path.parts[start:])
            if candidate.is_file():
                return candidate
    return None


def _source_folders(distribution: str | None) -> Iterator[Path]:
    if item := os.environ.get(ITEM_FOLDER):
        yield Path(item)
    if distribution is None:
        return
    text = importlib.metadata.distribution(distribution).read_text("direct_url.json")
    url = urlsplit(json.loads(text).get("url", "") if text else "")
    if url.scheme == "file":
        yield Path(unquote(url.path))


def _made(name: str, distribution: str | None) -> Path | None:
    """Return a metadata file made from what the distribution tells."""
    if name not in METADATA_FILES or distribution is None:
        return None
    told = dict(importlib.metadata.metadata(distribution).json)
    summary = told.get("summary") or distribution
    content: dict[str, Any] = {
        "metadata_version": "2.0.0",
        "title": told.get("name") or distribution,
        "summary": summary,
        "description": told.get("description") or summary,
        "license": told.get("license_expression") or told.get("license") or "",
        "dates": {},
        "links": {},
        "tags": [],
        "tasks": [],
        "categories": [],
        "libraries": [],
    }
    path = Path(tempfile.mkdtemp(prefix="jupyter-platform-metadata-"), name)
    path.write_text(json.dumps(content))  # JSON is YAML as well
    return path


def _redirect_open() -> None:
    original = io.open

    def redirected(file: Any, *arguments: Any, **keywords: Any) -> Any:
        if isinstance(file, str | bytes | os.PathLike):
            path = os.path.abspath(os.fsdecode(file))
            file = _replaced.get(path, file)
        return original(file, *arguments, **keywords)

    io.open = builtins.open = cast("Callable[..., Any]", redirected)
