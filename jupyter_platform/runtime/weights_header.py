"""The header of a safetensors file, read without its tensors and without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
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


def write_part(source: Path, target: Path, prefix: str, metadata: Mapping[str, str]) -> None:
    """Write the tensors of a safetensors file whose names begin alike into a file of their own.

    Parameters
    ----------
    prefix : str
        What their names begin with; they lose it.
    metadata : mapping
        Metadata of the new file.

    Raises
    ------
    InvalidDataError
        If `source` is no safetensors file, or holds no such tensor.
    """
    with source.open("rb") as file:
        try:
            size = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            header = json.loads(file.read(min(size, _MAX_HEADER)))
            wanted = {
                name.removeprefix(prefix): (entry, *entry["data_offsets"])
                for name, entry in header.items()
                if name != "__metadata__" and name.startswith(prefix)
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidDataError(f"{source.name} cannot be read as safetensors.") from error
        if not wanted:
            raise InvalidDataError(f"{source.name} holds no weights {prefix}….")
        told: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
        offset = 0
        ordered = sorted(wanted.items(), key=lambda item: item[1][1])
        for name, (entry, start, end) in ordered:
            told[name] = {**entry, "data_offsets": [offset, offset + end - start]}
            offset += end - start
        text = json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
        text += b" " * (-(len(text) + _LENGTH_BYTES) % _LENGTH_BYTES)
        with target.open("wb") as out:
            out.write(len(text).to_bytes(_LENGTH_BYTES, "little") + text)
            for _, (_, start, end) in ordered:
                file.seek(_LENGTH_BYTES + size + start)
                out.write(file.read(end - start))
