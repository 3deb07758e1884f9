"""What a safetensors file says about itself, read without its tensors and without torch."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_platform.core.errors import InvalidDataError

_LENGTH_BYTES = 8
"""A file begins with the length of its JSON header, little-endian."""
_MAX_HEADER = 100_000_000
"""Bytes of header that safetensors itself accepts."""


def read_weights_header(path: Path) -> dict[str, str]:
    """Return the metadata of a safetensors file; empty where it has none.

    Raises
    ------
    InvalidDataError
        If it is no safetensors file.
    """
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            header = json.loads(file.read(min(size, _MAX_HEADER)))
        return {str(key): str(value) for key, value in header.get("__metadata__", {}).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise InvalidDataError(
            f"{path.name} cannot be read as safetensors ({type(error).__name__}: {error})."
        ) from error
