"""From what a function gives back to the body of an answer."""

from __future__ import annotations

import io
import json
import math
import mimetypes
import os
import shutil
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

from pydantic import BaseModel

from jupyter_platform.core.inference import JSON_TYPE


class Answer(BaseModel):
    """What a call came to."""

    status: int = 200
    content_type: str = JSON_TYPE
    text: str | None = None
    """The body, where it is text."""
    path: str | None = None
    """A file that holds the body."""


def now() -> str:
    """Return local date and time in the form that clients of DEEPaaS parse."""
    return datetime.now().strftime("%Y-%m-%d %H:%M:%S.%f")


def failure(status: int, message: str) -> Answer:
    """Return the answer that tells of an error."""
    return Answer(status=status, text=json.dumps({"message": message}))


def to_json(value: Any) -> str:
    """Return a value as JSON, arrays and numbers of numpy and torch too.

    What is no number becomes ``null``, as JSON knows neither NaN nor infinity.

    Raises
    ------
    TypeError
        If something in it has no form in JSON.
    """
    return json.dumps(_finite(value), default=_plain, allow_nan=False)


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return arguments as JSON holds them; of what it does not hold, the text."""
    return {str(name): _shown(value) for name, value in values.items()}


def _shown(value: Any) -> Any:
    if isinstance(value, tuple) and hasattr(value, "original_filename"):
        # As DEEPaaS shows an uploaded file: its name, type and former name, not where it lies.
        return [value[0], value[2], value[3]]
    if isinstance(value, dict):
        return plain(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return _finite(value)
    return str(value)


def _plain(value: Any) -> Any:
    for method in ("tolist", "item", "isoformat"):
        if hasattr(value, method):
            return _finite(getattr(value, method)())
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def to_file(result: Any, accept: str, folder: Path) -> Answer | None:
    """Write what is no JSON into a file.

    Parameters
    ----------
    result : Any
        Bytes, text, or an open file.
    accept : str
        MIME type that was asked for.
    folder : Path
        Where the file is put; it is removed with the folder.

    Returns
    -------
    Answer or None
        None where the result is something else.
    """
    target = folder / "answer"
    name = getattr(result, "filename", None) or getattr(result, "name", None)
    if isinstance(result, str):
        target.write_text(result, encoding="utf-8")
    elif isinstance(result, bytes | bytearray | memoryview):
        target.write_bytes(result)
    elif isinstance(result, io.BytesIO):
        target.write_bytes(result.getvalue())
    elif isinstance(name, str) and os.path.isfile(name) and _is_opened(result):
        _take(Path(name), target)
    elif hasattr(result, "read"):
        content = result.read()
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    else:
        return None
    return Answer(content_type=_type(accept, name, target), path=str(target))


def _is_opened(result: Any) -> bool:
    """Return whether something is an open file, or names one as ``ReturnedFile`` does."""
    return hasattr(result, "read") or (
        isinstance(result, tuple) and hasattr(result, "original_filename")
    )


def _take(source: Path, target: Path) -> None:
    """Keep a file under another name, without copying it where that is possible."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _type(accept: str, name: Any, path: Path) -> str:
    """Return the MIME type of a file: as asked for, of ``image/*`` the one that it has."""
    if "*" not in accept and accept != JSON_TYPE:
        return accept
    guessed = _signature(path) or mimetypes.guess_type(str(name))[0]
    return guessed or "application/octet-stream"


_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"%PDF-", "application/pdf"),
)


def _signature(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(16)
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return "video/mp4"
    return next((kind for start, kind in _SIGNATURES if head.startswith(start)), None)
