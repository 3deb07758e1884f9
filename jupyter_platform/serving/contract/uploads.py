"""Files that came with a call, as the functions of a module get them."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple, cast


class UploadedFile(NamedTuple):
    """A file that came with a call."""

    name: str | None = None
    """Name of the argument."""
    filename: str | None = None
    """Path of its content; the file is removed after the call."""
    content_type: str | None = None
    original_filename: str | None = None
    """Name that it had where it came from."""


class ReturnedFile(NamedTuple):
    """A file that a function gives back by its path."""

    name: str | None = None
    filename: str | None = None
    content_type: str | None = None
    original_filename: str | None = None


def uploaded_file_type() -> type[UploadedFile]:
    """Return the class that a module knows: of the package ``deepaas`` where it imported that."""
    wrapper: Any = sys.modules.get("deepaas.model.v2.wrapper")
    return cast("type[UploadedFile]", getattr(wrapper, "UploadedFile", UploadedFile))
