"""Checkpoints: everything that the next step depends on."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from jupyter_platform.core.checkpoints import FACTS, MODEL
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.runs import ResumePoint
from jupyter_platform.learning.networks import WeightsHeader, load_weights
from jupyter_platform.learning.networks.weights import weights_bytes
from jupyter_platform.runtime.atomic import fsync_folder

FOLDER = "checkpoint"
STATE = "state.pt"
BEST = "best."
"""What the names of the best weights' files begin with."""
KEPT = 2
"""Checkpoints that stay in the run folder."""


@dataclass(frozen=True)
class StoredCheckpoint:
    """A checkpoint that is whole and on disk."""

    step: int
    folder: str
    """Relative to the run folder."""
    files: dict[str, str]
    """File name to ``sha256:<hex>``."""


def write_checkpoint(
    run_folder: Path,
    step: int,
    network: nn.Module,
    header: WeightsHeader,
    state: dict[str, Any],
    best: Mapping[str, Path],
    ranks: Mapping[str, bytes] | None = None,
    told: Mapping[str, Any] | None = None,
) -> StoredCheckpoint:
    """Write a checkpoint beside its place, fsync it, rename it; the oldest beyond two go.

    Parameters
    ----------
    run_folder : Path
        The run folder.
    step : int
        Weight updates done.
    network : Module
        Its weights.
    header : WeightsHeader
        Which network that is.
    state : dict
        Tensors, numbers, text, and lists and dicts of them; the random generators are added.
    best : mapping
        The files of the best weights so far by name, ``best.…``, so that an attempt on another
        host has them too.
    ranks : mapping, optional
        What the other ranks of a gang must find again, as ``rank-<n>.pt``.
    told : mapping, optional
        JSON values that its facts tell besides, see `core.checkpoints`.

    Raises
    ------
    OSError
        If the file system refuses; nothing of it stays and older checkpoints are untouched.
    """
    parent = run_folder / FOLDER
    name = f"{step:012d}"
    temporary = parent / f".tmp-{step}"
    buffer = io.BytesIO()
    torch.save({"step": step, "random": random_state(), **state}, buffer)
    contents = {
        MODEL: weights_bytes(network.state_dict(), header, step=str(step)),
        STATE: buffer.getvalue(),
    }
    contents |= {file: path.read_bytes() for file, path in best.items()}
    contents |= ranks or {}
    files = {file: f"sha256:{hashlib.sha256(data).hexdigest()}" for file, data in contents.items()}
    facts = {"step": step, "torch": torch.__version__, "files": files, **(told or {})}
    facts_bytes = json.dumps(facts, indent=1).encode()
    try:
        # Not its parents: a run folder that somebody removed stays so.
        parent.mkdir(mode=0o700, exist_ok=True)
        temporary.mkdir(mode=0o700, exist_ok=True)
        for file, data in {**contents, FACTS: facts_bytes}.items():
            _write_synced(temporary / file, data)
        fsync_folder(temporary)
        if (parent / name).exists():
            shutil.rmtree(parent / name)
        temporary.rename(parent / name)
        fsync_folder(parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    for old in sorted(item for item in parent.iterdir() if item.name.isdigit())[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    files[FACTS] = f"sha256:{hashlib.sha256(facts_bytes).hexdigest()}"
    return StoredCheckpoint(step, f"{FOLDER}/{name}", files)


def _write_synced(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def read_checkpoint(
    point: ResumePoint, files: Mapping[str, str], network: nn.Module, name: str
) -> dict[str, Any]:
    """Load a checkpoint of an earlier attempt.

    Parameters
    ----------
    point : ResumePoint
        Which files it is made of.
    files : mapping
        ``sha256:<hex>`` to a path on this host.
    network : Module
        Gets the weights.
    name : str
        Name of the network, for errors.

    Returns
    -------
    dict
        The state as it was given to `write_checkpoint`; the random generators are *not* yet set.

    Raises
    ------
    InvalidDataError
        If a file is missing or is not what it should be.
    """
    load_weights(network, _checkpoint_file(point, files, MODEL), name)
    state = load_state(point, files, STATE)
    if state["step"] != point.step:
        raise InvalidDataError(
            f"The checkpoint is of step {state['step']}, not of step {point.step} as asked for."
        )
    return state


def load_state(point: ResumePoint, files: Mapping[str, str], name: str) -> dict[str, Any]:
    """Read a ``.pt`` file of a checkpoint, in which nothing can run.

    Parameters
    ----------
    point : ResumePoint
        Names and digests of the files of the checkpoint.
    files : mapping
        Digest to a path on this host.
    name : str
        The file to read.

    Raises
    ------
    InvalidDataError
        If it is missing or cannot be read.
    """
    path = _checkpoint_file(point, files, name)
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InvalidDataError(f"Checkpoint {point.step} cannot be read: {error}") from error
    return state


def rank_file(rank: int) -> str:
    """Return the name of the file with what one rank of a gang must find again."""
    return f"rank-{rank}.pt"


def best_weights_files(point: ResumePoint, files: Mapping[str, str]) -> dict[str, Path]:
    """Return the files of the best weights that came with a checkpoint, by name.

    Parameters
    ----------
    point : ResumePoint
        The checkpoint.
    files : mapping of str to str
        ``sha256:<hex>`` to the path on this host.
    """
    names = [name for name in point.files if name.startswith(BEST)]
    return {name: _checkpoint_file(point, files, name) for name in names}


def _checkpoint_file(point: ResumePoint, files: Mapping[str, str], name: str) -> Path:
    path = Path(files.get(point.files.get(name, ""), ""))
    if not path.is_file():
        raise InvalidDataError(
            f"Checkpoint {point.step} lacks {name}: its file {point.files.get(name)} is not on "
            "this host."
        )
    return path


def random_state() -> dict[str, Any]:
    """Return the state of every global random generator, in types that load safely."""
    kind, keys, position, has_gauss, gauss = np.random.get_state()
    words = np.asarray(keys).tolist()
    state: dict[str, Any] = {
        "torch": torch.get_rng_state(),
        "python": random.getstate(),
        "numpy": [str(kind), words, int(position), int(has_gauss), float(gauss)],
    }
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def set_random_state(state: dict[str, Any]) -> None:
    """Set every global random generator to what `random_state` gave."""
    torch.set_rng_state(state["torch"])
    version, internal, gauss_next = state["python"]
    random.setstate((version, tuple(internal), gauss_next))
    kind, keys, position, has_gauss, gauss = state["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), position, has_gauss, gauss))
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"][: torch.cuda.device_count()])
