"""The files that a job was asked to keep."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from jupyter_platform.core.units import format_count
from jupyter_platform.running.context import DOWNLOADS, RunContext

MOST_FILES = 1_000
"""Files that one job may keep; a pattern that was meant otherwise would copy a whole disk."""


def keep_outputs(context: RunContext, folder: Path) -> dict[str, list[str]]:
    """Copy what the patterns of ``outputs`` match, and tell which of them match nothing.

    Parameters
    ----------
    folder : Path
        The working folder.

    Returns
    -------
    dict
        ``outputs``, the names of the files that are kept, and ``missing_outputs``, the patterns
        without any.
    """
    kept: dict[str, Path] = {}
    missing: list[str] = []
    for pattern in context.options.outputs or ():
        found = {
            path.relative_to(folder).as_posix(): path
            for path in sorted(folder.glob(pattern))
            if path.is_file()
        }
        if not found:
            missing.append(pattern)
        kept |= found
    if missing:
        context.warn(f"No file of the working folder matches outputs = {', '.join(missing)}.")
    names = list(kept)[:MOST_FILES]
    if len(kept) > MOST_FILES:
        context.warn(
            f"outputs match {format_count(len(kept), 'file')}; the first {MOST_FILES:,} are kept."
        )
    return {
        "outputs": [name for name in names if _keep(context, name, kept[name])],
        "missing_outputs": missing,
    }


def _keep(context: RunContext, name: str, path: Path) -> bool:
    target = context.folder / DOWNLOADS / name
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.part")
        shutil.copyfile(path, beside)
        os.replace(beside, target)
    except OSError as error:
        context.warn(f"{name} cannot be kept: {error.strerror}.")
        return False
    context.keep_file(name)
    return True
