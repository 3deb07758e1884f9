"""A git repository of items.

The git command line fetches it, since people's keys and proxies are set up for that. Nothing in a
repository is run: no hooks, no submodules, no filters; symbolic links become plain files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_platform.coordinator.marketplace.sources.base import (
    Gathered,
    SourceError,
    Workplace,
)
from jupyter_platform.coordinator.marketplace.sources.folder import read_tree
from jupyter_platform.core.settings import SourceSettings
from jupyter_platform.core.units import format_bytes

WITHIN_S = 120.0
"""Seconds for each command of git."""
MOST_BYTES = 500_000_000
"""Bytes of all files of a repository."""
SCHEMES = ("https", "http", "ssh", "git", "file")
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
    "GIT_ALLOW_PROTOCOL": ":".join(SCHEMES),
    "GIT_LFS_SKIP_SMUDGE": "1",
    "LC_ALL": "C",
}
_SAFE = (
    "-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false", "-c", "core.fsmonitor=false",
    "-c", "core.attributesFile=/dev/null", "-c", "submodule.recurse=false",
    "-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false",
)  # fmt: skip

_FETCH = ("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--force")


def read(settings: SourceSettings, place: Workplace) -> Gathered:
    """Return the items of a git repository.

    Parameters
    ----------
    settings : SourceSettings
        The source.
    place : Workplace
        Where it may keep what it brings.
    """
    url = settings.location
    if urlsplit(url).scheme not in SCHEMES or not url.isprintable():
        raise SourceError(f"{url!r} is no address of a repository; begin with one of {SCHEMES}.")
    place.folder.mkdir(parents=True, exist_ok=True)
    repository = place.folder / "repository.git"
    if not (repository / "HEAD").exists():
        shutil.rmtree(repository, ignore_errors=True)
        _git("init", "--quiet", "--bare", str(repository))
    branch = settings.branch or "HEAD"
    _git("--git-dir", str(repository), *_FETCH, "--", url, f"{branch}:refs/items/current")
    commit = _git("--git-dir", str(repository), "rev-parse", "refs/items/current").strip()
    submodules = _check_files(repository, commit)
    tree = _checked_out(repository, place.folder, commit)
    gathered = read_tree(tree, place, Path(urlsplit(url).path).stem or settings.name)
    if submodules:
        gathered.problems.append(
            f"{submodules} submodules are not followed: only addresses of the settings are asked."
        )
    return gathered


def _checked_out(repository: Path, folder: Path, commit: str) -> Path:
    """Return the folder of a commit's files; that of the commit before it is kept."""
    tree = folder / "commits" / commit
    if not tree.is_dir():
        unfinished = folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        places = ("--git-dir", str(repository), "--work-tree", str(unfinished))
        _git(*places, "checkout", "--quiet", "--force", commit, "--", ".")
        tree.parent.mkdir(exist_ok=True)
        unfinished.rename(tree)
    os.utime(tree)
    kept = sorted(tree.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in kept[2:]:
        shutil.rmtree(old, ignore_errors=True)
    return tree


def _check_files(repository: Path, commit: str) -> int:
    """Return the number of submodules; refuse a repository that is too large.

    Raises
    ------
    SourceError
        If its files have more than `MOST_BYTES`.
    """
    listed = _git("--git-dir", str(repository), "ls-tree", "-r", "-l", "-z", commit)
    total = submodules = 0
    for line in listed.split("\0"):
        words = line.partition("\t")[0].split()
        if len(words) == 4:
            submodules += words[1] == "commit"
            total += int(words[3]) if words[3].isdecimal() else 0
    if total > MOST_BYTES:
        raise SourceError(
            f"The files of the repository have {format_bytes(total)}; at most "
            f"{format_bytes(MOST_BYTES)} are taken."
        )
    return submodules


def _git(*words: str) -> str:
    try:
        done = subprocess.run(
            ["git", *_SAFE, *words],
            env={**os.environ, **_QUIET},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=WITHIN_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise SourceError(
            "The command git is not installed on the coordinator's machine."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"git did not answer within {WITHIN_S:g} s.") from error
    if done.returncode != 0:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise SourceError(f"git failed: {told[-1][:300]}")
    return done.stdout.decode("utf-8", "replace")
