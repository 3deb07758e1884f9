"""Reading descriptions of networks, in JSON or as Python source."""

from __future__ import annotations

import json
import re
from pathlib import Path

from pydantic import ValidationError

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.exchange import (
    ImportAnswer,
    ImportRequest,
    as_asked,
    describes_network,
    parse_description,
)
from jupyter_platform.core.networks import (
    MOST_SOURCE_BYTES,
    SOURCE_PATH,
    NetworkDescription,
    NetworkSource,
)

LARGEST_BYTES = 20_000_000
"""Bytes of a description in the folder; source of one's own takes the most of it."""
_SMALL_BYTES = 2_000_000
"""Bytes of JSON that are read without torch."""


def read_description(path: Path) -> NetworkDescription:
    """Read a file of the folder of networks.

    Raises
    ------
    InvalidDataError
        If it is no description, or one of another name.
    """
    try:
        if not path.is_file():
            raise InvalidDataError("it is no file")
        if path.stat().st_size > LARGEST_BYTES:
            raise InvalidDataError(f"it is larger than {LARGEST_BYTES:,} bytes")
        found = NetworkDescription.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InvalidDataError(str(error)) from error
    if found.name != path.stem:
        raise InvalidDataError(f"the name inside is not {path.stem!r}")
    return found


def read_import(request: ImportRequest) -> ImportAnswer | None:
    """Read an uploaded network that torch is not needed for.

    Returns
    -------
    ImportAnswer or None
        None where it is of another kind.

    Raises
    ------
    InvalidDataError
        If it cannot be used.
    """
    file = Path(request.file)
    return _read_source(file, request) or _read_small_description(file, request)


def _read_source(file: Path, request: ImportRequest) -> ImportAnswer | None:
    """Take a Python file as the source of a network, whose only class of its own makes it."""
    main = shown = Path(request.file_name).name
    if request.kind not in (None, "python") or not main.lower().endswith(".py"):
        return None
    try:
        text = file.read_bytes()[: MOST_SOURCE_BYTES + 1].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidDataError(f"{shown} is no Python source in UTF-8.") from error
    name = request.name or re.sub(r"[^a-z0-9]+", "-", Path(main).stem.lower()).strip("-")
    if re.fullmatch(SOURCE_PATH, main) is None:
        main = "network.py"
    try:
        description = NetworkDescription(
            name=name, source=NetworkSource(files={main: text}, main=main)
        )
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InvalidDataError(f"{shown} cannot be taken as a network: {why}.") from error
    return ImportAnswer(kind="python", description=as_asked(description, request), facts=None)


def _read_small_description(file: Path, request: ImportRequest) -> ImportAnswer | None:
    """Read a description here: a process that knows torch takes seconds to start."""
    if request.kind not in (None, "description") or file.stat().st_size > _SMALL_BYTES:
        return None
    data = file.read_bytes()
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if request.kind is None and not describes_network(content):
        return None
    description = as_asked(parse_description(data, request.file_name or "The file"), request)
    return ImportAnswer(kind="description", description=description, facts=None)
