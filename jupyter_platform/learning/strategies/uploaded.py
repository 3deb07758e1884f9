"""Strategies from Python files that people uploaded."""

from __future__ import annotations

import linecache
import sys
import traceback
from pathlib import Path
from types import ModuleType

from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.learning.strategies.base import Strategy


def load_strategy(name: str, path: Path) -> type[Strategy]:
    """Run a Python file and return the strategy that it defines.

    Parameters
    ----------
    name : str
        What the strategy is called.
    path : Path
        UTF-8 source that defines exactly one subclass of `Strategy`.

    Raises
    ------
    InvalidDataError
        If it cannot be run, with the line, or defines none or several.
    """
    file = f"{name}.py"
    source = path.read_text(encoding="utf-8")
    # Tracebacks show the lines of the source, under the name that people know.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = ModuleType(f"jupyter_platform_uploaded.{name}")
    module.__file__ = file
    # Types that look themselves up, such as dataclasses, find their module there.
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, file, "exec"), module.__dict__)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        line = f" (line {where.lineno}: {where.line})" if where.filename == file else ""
        raise _unusable(
            name, f"cannot be loaded: {type(error).__name__}: {error}{line}."
        ) from error
    found = [
        item
        for item in vars(module).values()
        if isinstance(item, type)
        and issubclass(item, Strategy)
        and item.__module__ == module.__name__
    ]
    if len(found) != 1:
        names = ", ".join(item.__name__ for item in found) or "none"
        raise _unusable(name, f"must define one subclass of Strategy; it defines {names}.")
    return found[0]


def _unusable(name: str, reason: str) -> InvalidDataError:
    message = f"Strategy {name!r} {reason}"
    return InvalidDataError(
        message, errors=[FieldError(field="strategy", value=name, message=message)]
    )
