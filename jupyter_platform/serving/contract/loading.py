"""Finding a module: by the name of its entry point, an import path, or a file."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from jupyter_platform.core.errors import InvalidDataError, nearest
from jupyter_platform.core.inference import ENTRY_POINTS
from jupyter_platform.serving.contract import stand_ins
from jupyter_platform.serving.contract.missing_files import replace_missing

MODEL = "DEEPAAS_V2_MODEL"
"""Environment variable with the name of the entry point to serve, as DEEPaaS itself reads it."""
_MOST_REPLACED = 8
"""Missing files of one module that are looked for elsewhere."""


@dataclass(frozen=True)
class Loaded:
    """A module, imported."""

    name: str
    """Its name in the paths of the API."""
    functions: Any
    """A Python module or an object with the functions of the interface."""
    distribution: str | None
    """Name of the distribution that it came with."""
    folder: Path | None
    """Where its source lies."""


def load(wanted: str | None) -> Loaded:
    """Import a module.

    Parameters
    ----------
    wanted : str, optional
        Name of an entry point of the group ``deepaas.v2.model``, an import path such as
        ``package.api`` or ``package.api:Model``, or a file ``….py``. When absent the entry point
        that the variable ``DEEPAAS_V2_MODEL`` names, or the only one that is installed.

    Raises
    ------
    InvalidDataError
        If there is no such module, or importing it fails; the message tells the error.
    """
    stand_ins.provide()
    wanted = wanted or os.environ.get(MODEL) or None
    known = {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
    if wanted is None:
        return _from_entry(_only(known))
    if wanted in known:
        return _from_entry(known[wanted])
    if wanted.endswith(".py") or os.sep in wanted:
        return _from_file(Path(wanted))
    return _from_path(wanted, sorted(known))


def _only(known: dict[str, EntryPoint]) -> EntryPoint:
    if len(known) == 1:
        return next(iter(known.values()))
    names = ", ".join(sorted(known))
    held = f"there are several: {names}" if known else "none is installed"
    raise InvalidDataError(
        f"A module must be named with --module: of the entry points {ENTRY_POINTS}, {held}."
    )


def _from_entry(entry: EntryPoint) -> Loaded:
    distribution = None if entry.dist is None else entry.dist.metadata["Name"]
    functions = _imported(entry.name, entry.module, distribution, entry.load)
    return Loaded(entry.name, _instance(functions), distribution, _folder(entry.module))


def _from_path(path: str, known: list[str]) -> Loaded:
    module, _, attribute = path.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        is_there = importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        is_there = False
    if not is_there:
        near = nearest(path, known)
        hint = f" Did you mean {near!r}?" if near else ""
        raise InvalidDataError(
            f"module = {path!r}: there is no entry point of {ENTRY_POINTS} by that name, no module "
            f"to import and no file.{hint} Entry points: {', '.join(known) or 'none'}."
        )

    def bring() -> Any:
        found: Any = importlib.import_module(module)
        for part in attribute.split(".") if attribute else ():
            found = getattr(found, part)
        return found

    functions = _imported(path, module, None, bring)
    name = attribute.rpartition(".")[2] or module.removesuffix(".api").rpartition(".")[2]
    return Loaded(name, _instance(functions), None, _folder(module))


def _from_file(path: Path) -> Loaded:
    path = path.absolute()
    if not path.is_file():
        raise InvalidDataError(f"module = {str(path)!r}: there is no such file.")
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    package = re.sub(r"\W", "_", path.stem)

    def bring() -> ModuleType:
        spec = importlib.util.spec_from_file_location(package, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path.name} is no Python source")
        module = importlib.util.module_from_spec(spec)
        sys.modules[package] = module
        spec.loader.exec_module(module)
        return module

    functions = _imported(str(path), package, None, bring)
    name = package if package not in ("api", "module", "model", "serve") else path.parent.name
    return Loaded(re.sub(r"\W", "_", name), functions, None, path.parent)


def _imported(name: str, module: str, distribution: str | None, bring: Callable[[], Any]) -> Any:
    """Import a module, finding files elsewhere that its installation left out."""
    for _ in range(_MOST_REPLACED):
        before = set(sys.modules)
        try:
            return bring()
        except FileNotFoundError as error:
            fault: Exception = error
            if not replace_missing(error, distribution):
                break
            # What was imported in part is imported anew.
            for half in set(sys.modules) - before:
                if half.partition(".")[0] == module.partition(".")[0]:
                    del sys.modules[half]
        except Exception as error:  # noqa: BLE001 - the code of a stranger raises anything
            fault = error
            break
    raise InvalidDataError(
        f"Module {name!r} cannot be imported: {type(fault).__name__}: {fault}."
    ) from fault


def _instance(found: Any) -> Any:
    """Return an object with the functions; classes are called without arguments."""
    return found() if isinstance(found, type) else found


def _folder(module: str) -> Path | None:
    source = getattr(sys.modules.get(module.partition(".")[0]), "__file__", None)
    if source is None:
        source = getattr(sys.modules.get(module), "__file__", None)
    return None if source is None else Path(source).parent
