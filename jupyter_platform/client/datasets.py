"""From a file on this machine to a dataset of the repository."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_platform.client.transport import Transport
from jupyter_platform.core.catalogue import DatasetRecord
from jupyter_platform.core.datasets import check_dataset_name
from jupyter_platform.core.errors import ConflictError, FieldError, InvalidDataError, NotFoundError

SUFFIXES = (".npz", ".csv")
SHUFFLE_SEED = 0
"""Seed of the order in which the rows of an added file are split."""
CHUNK = 1_000_000


def is_file_argument(dataset: str | Path) -> bool:
    """Return whether a dataset argument means a file and not a name."""
    return isinstance(dataset, Path) or dataset.lower().endswith(SUFFIXES)


def upload(
    transport: Transport,
    name: str,
    path: Path,
    *,
    target: str | None = None,
    task: str | None = None,
    shuffle: bool = True,
    replace: bool = False,
) -> DatasetRecord:
    """Send a file and return the dataset made of it; see `Platform.add_dataset`."""
    check_dataset_name(name)
    kind = _kind(path)
    response = transport.upload(
        f"/api/datasets/{quote(name, safe='')}",
        lambda: _chunks(path),
        {
            "kind": kind,
            "target": target,
            "task": task,
            "shuffle_seed": SHUFFLE_SEED if shuffle else None,
            "replace": "true" if replace else None,
        },
    )
    return DatasetRecord.model_validate_json(response.content)


def ensure_added(transport: Transport, path: Path) -> str:
    """Add a file under its stem, unless it is there with the same content, and return the name.

    Raises
    ------
    InvalidDataError
        If there is no such file, or it cannot be used.
    ConflictError
        If the stem is the name of a dataset that nobody added.
    """
    _kind(path)
    name = _name_of(path)
    known = _known(transport, name)
    if known is None:
        upload(transport, name, path)
        return name
    if known.descriptor.file == f"sha256:{_digest(path)}":
        return name
    if known.origin != "added":
        raise ConflictError(
            f"{path} would be added as {name!r}, which is a dataset that ships with the platform; "
            "add it under another name first (add_dataset)."
        )
    descriptor = known.descriptor
    upload(
        transport,
        name,
        path,
        target=descriptor.target,
        task=descriptor.task,
        shuffle=descriptor.shuffle_seed is not None,
        replace=True,
    )
    return name


def _known(transport: Transport, name: str) -> DatasetRecord | None:
    try:
        answer: Any = transport.get(f"/api/datasets/{quote(name, safe='')}")
    except NotFoundError:
        return None
    return DatasetRecord.model_validate(answer)


def _kind(path: Path) -> str:
    if not path.is_file():
        raise InvalidDataError(
            f"There is no file {str(path)!r}.",
            errors=[FieldError(field="dataset", value=str(path), message="No such file.")],
        )
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidDataError(
            f"{str(path)!r} cannot be added: its name must end in .npz or .csv.",
            errors=[
                FieldError(
                    field="dataset",
                    value=str(path),
                    message="The name must end in .npz or .csv.",
                    accepted=".npz, .csv",
                )
            ],
        )
    return path.suffix.lower().removeprefix(".")


def _name_of(path: Path) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")
    return (cleaned or "data")[:64]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
