"""Python files, and the files beside them that they import."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import sysconfig
import tokenize
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.core.networks import NetworkSource

_ARGUMENT = re.compile(r"(.+\.py)(?::([A-Za-z_][A-Za-z0-9_]*))?", re.DOTALL)


def is_source_argument(network: object) -> bool:
    """Return whether an argument means a Python file: ``mynet.py``, or ``mynet.py:MyNet``."""
    return isinstance(network, str | Path) and _ARGUMENT.fullmatch(str(network)) is not None


def split_argument(network: str | Path) -> tuple[Path, str | None]:
    """Return file and class of ``mynet.py:MyNet``."""
    match = _ARGUMENT.fullmatch(str(network))
    assert match is not None, "is_source_argument() says so"
    return Path(match[1]).expanduser(), match[2]


def source_of_file(
    path: Path, attribute: str | None = None, arguments: Mapping[str, Any] | None = None
) -> NetworkSource:
    """Return the source of a file with the files beside it that it imports.

    Parameters
    ----------
    path : Path
        A Python file; one in a package brings the package's ``__init__.py`` along.
    attribute : str, optional
        Class or function that makes the network.
    arguments : mapping, optional
        Keyword arguments for it.

    Raises
    ------
    InvalidDataError
        If a file cannot be read or is no Python, with its line, or all of it is too much.
    """
    path = path.absolute()
    text = _read(path)
    root = path.parent
    while (root / "__init__.py").is_file() and root.parent != root:
        root = root.parent
    inner = path.relative_to(root).parts[:-1]
    # A file may be called what no module can be.
    main = "/".join(
        [*inner, re.sub(r"\W", "_", f"_{path.stem}" if path.stem[0].isdigit() else path.stem)]
    )
    files = {f"{main}.py": text}
    for count in range(1, len(inner) + 1):
        _take(root, root.joinpath(*inner[:count], "__init__.py"), files)
    collect(root, files)
    return checked(files, f"{main}.py", attribute, arguments)


def checked(
    files: Mapping[str, str],
    main: str,
    attribute: str | None,
    arguments: Mapping[str, Any] | None,
) -> NetworkSource:
    """Return the source of a network, within the limits of size.

    Parameters
    ----------
    files : mapping
        Source by path, relative to one root.
    main : str
        Path of the file that defines the network.
    attribute : str or None
        Class or function in it; None: its only network.
    arguments : mapping or None
        Arguments of the class or function, by name.

    Raises
    ------
    InvalidDataError
        If it is too large.
    """
    try:
        return NetworkSource(
            files=dict(files), main=main, attribute=attribute, arguments=dict(arguments or {})
        )
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise _bad(main, f"{main} cannot be taken along: {reason}.") from error


def collect(root: Path, files: dict[str, str]) -> None:
    """Add the files below a folder that the given files import, directly or not.

    Parameters
    ----------
    root : Path
        Folder that imports are looked up in.
    files : dict
        Source by path, relative to `root`; grows.

    Raises
    ------
    InvalidDataError
        If one of them cannot be read or is no Python.
    """
    pending = list(files)
    while pending:
        path = pending.pop()
        for name in _imported(path, files[path]):
            parts = name.split(".")
            for count in range(1, len(parts) + 1):
                place = root.joinpath(*parts[:count])
                for candidate in (place.with_name(place.name + ".py"), place / "__init__.py"):
                    found = _take(root, candidate, files)
                    pending += [] if found is None else [found]


def _take(root: Path, path: Path, files: dict[str, str]) -> str | None:
    """Add a file unless it is not there or known; return its path if it is new."""
    name = path.relative_to(root).as_posix()
    if name in files or not path.is_file():
        return None
    files[name] = _read(path)
    return name


def _imported(path: str, text: str) -> Iterator[str]:
    """Yield the dotted names that a module imports, as they are known below the root."""
    try:
        tree = ast.parse(text, path)
    except SyntaxError as error:
        line = f" {error.text.strip()}" if error.text else ""
        raise _bad(
            path, f"{path} is no Python: {error.msg} in line {error.lineno}:{line}"
        ) from error
    package = path.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names if _may_be_local(item.name))
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            if node.level or _may_be_local(base):
                yield from ([base] if base else [])
                yield from (f"{base}.{item.name}".strip(".") for item in node.names)


def _may_be_local(name: str) -> bool:
    return name.partition(".")[0] not in sys.builtin_module_names


def _read(path: Path) -> str:
    try:
        with tokenize.open(path) as file:
            return file.read()
    except OSError as error:
        raise _bad(str(path), f"{path} cannot be read: {error.strerror}.") from error
    except (SyntaxError, UnicodeDecodeError) as error:
        raise _bad(str(path), f"{path} is no Python text: {error}.") from error


def local_root(module: str) -> Path | None:
    """Return the folder of a module, or None for a module of an installed package."""
    top = module.partition(".")[0]
    if top in sys.builtin_module_names or top in sys.stdlib_module_names:
        return None
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    if top in metadata.packages_distributions():
        return None
    path = Path(spec.origin).absolute()
    installed = {
        sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")
    }
    if any(path.is_relative_to(folder) for folder in installed):
        return None
    return path.parent.parent if path.name == "__init__.py" else path.parent


def _bad(value: str, message: str) -> InvalidDataError:
    return InvalidDataError(
        message, errors=[FieldError(field="networks", value=value, message=message)]
    )
