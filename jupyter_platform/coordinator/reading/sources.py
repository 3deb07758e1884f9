"""Looking at Python source without running it."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_platform.core.errors import FieldError, InvalidDataError


def check_syntax(what: str, source: bytes, field: str = "strategy") -> None:
    """Refuse what is no Python; nothing is run.

    Parameters
    ----------
    what : str
        What the source is, as the beginning of a sentence.
    source : bytes
        UTF-8 text.
    field : str
        Which field of a request is to blame.

    Raises
    ------
    InvalidDataError
        Naming line and text.
    """
    try:
        compile(source, "source.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        line = f" {error.text.strip()}" if error.text else ""
        message = f"{what} is no Python: {error.msg} in line {error.lineno}:{line}"
    except ValueError as error:
        message = f"{what} is no Python: {error}."
    else:
        return
    raise InvalidDataError(message, errors=[FieldError(field=field, message=message)])


def is_code(path: Path, form: str) -> bool:
    """Return whether a file may be what a RUN is to run.

    Parameters
    ----------
    path : Path
        The file.
    form : str
        As `RunOptions.form` has it.
    """
    data = path.read_bytes()
    if form != "notebook":
        # Another Python may know another grammar: only what is no text at all is refused.
        return form != "script" or b"\0" not in data
    try:
        content = json.loads(data)
    except ValueError:
        return False
    return isinstance(content, dict) and "nbformat" in content
