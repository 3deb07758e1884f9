"""Classes that were defined in a notebook, with the definitions that they use.

A notebook as a whole cannot be run again where a job runs, so its source is put together of the
class and of everything it uses: imports, other classes and functions, numbers and texts.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import linecache
import symtable
import sys
from collections.abc import Iterator, Mapping
from types import CodeType, ModuleType
from typing import Any

from jupyter_platform.client.own_code.files import collect, local_root
from jupyter_platform.core.errors import FieldError, InvalidDataError

MAIN = "__main__"


def files_of_definition(made: Any) -> tuple[dict[str, str], str]:
    """Return the source of a class or function of ``__main__``.

    Parameters
    ----------
    made : class or function
        Defined at the top of a cell or script.

    Returns
    -------
    files : dict
        Text by path.
    main : str
        The path of the module that defines it.

    Raises
    ------
    InvalidDataError
        If the source cannot be had, or it uses something that cannot be taken along.
    """
    writer = _Writer(vars(sys.modules[MAIN]))
    writer.define(made)
    main = f"{made.__name__}.py"
    files = {main: writer.text()}
    for name in writer.local_modules:
        root = local_root(name)
        if root is not None:
            # Only for its imports: what they are called is what the text above calls them.
            collect(root, files)
    return files, main


class _Writer:
    """Puts a module together of what a definition uses."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._imports: dict[str, str] = {}
        self._parts: list[str] = []
        self._done: set[str] = set()
        self.local_modules: list[str] = []

    def text(self) -> str:
        """Return the module."""
        imports = "\n".join(sorted(self._imports.values()))
        return "\n\n\n".join(part for part in (imports, *self._parts) if part) + "\n"

    def define(self, made: Any) -> None:
        """Take over a class or function, and before it what it uses."""
        name = made.__name__
        if name in self._done:
            return
        self._done.add(name)
        text = _definition(made)
        for used in _free_names(text):
            if used in self._namespace and used not in self._done:
                self._use(used, self._namespace[used], name)
        self._parts.append(text)

    def _use(self, name: str, value: Any, user: str) -> None:
        if isinstance(value, ModuleType):
            self._import(name, value.__name__, None)
            return
        module, inner = getattr(value, "__module__", None), getattr(value, "__name__", None)
        if (
            module == MAIN
            and isinstance(inner, str)
            and (inspect.isclass(value) or inspect.isfunction(value))
        ):
            self.define(value)
            if inner != name:
                self._parts.append(f"{name} = {inner}")
        elif isinstance(module, str) and self._is_in(module, inner or name, value):
            self._import(name, module, inner or name)
        elif _is_plain(value):
            self._parts.append(f"{name} = {value!r}")
        elif repr(value).startswith("torch."):  # a dtype, a layout
            self._import("torch", "torch", None)
            self._parts.append(f"{name} = {value!r}")
        else:
            raise _bad(
                user,
                f"{user} uses {name}, a {type(value).__name__} of this notebook, which cannot be "
                "taken along; make it inside the class, pass it as an argument, or write the "
                "class to a file.",
            )
        self._done.add(name)

    @staticmethod
    def _is_in(module: str, inner: str, value: Any) -> bool:
        if module == MAIN:
            return False
        try:
            return getattr(importlib.import_module(module), inner, None) is value
        except ImportError:
            return False

    def _import(self, name: str, module: str, inner: str | None) -> None:
        self.local_modules.append(module)
        if inner is not None:
            self._imports[name] = f"from {module} import {inner}" + (
                "" if inner == name else f" as {name}"
            )
        else:
            self._imports[name] = f"import {module}" + ("" if module == name else f" as {name}")


def _is_plain(value: Any) -> bool:
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def _free_names(text: str) -> list[str]:
    """Return the names that a definition takes from around it, in order."""
    found: dict[str, None] = {}

    def visit(table: symtable.SymbolTable) -> None:
        for symbol in table.get_symbols():
            is_top = table.get_type() == "module"
            from_around = not symbol.is_assigned() if is_top else symbol.is_global()
            if symbol.is_referenced() and from_around and not hasattr(builtins, symbol.get_name()):
                found[symbol.get_name()] = None
        for child in table.get_children():
            visit(child)

    visit(symtable.symtable(text, "<definition>", "exec"))
    return list(found)


def _definition(made: Any) -> str:
    """Return the text of a class or function with its decorators."""
    name, qualified = made.__name__, made.__qualname__
    if "." in qualified:
        raise _bad(
            name,
            f"{qualified} is defined inside of something else; define it at the top of a cell or "
            "in a file.",
        )
    for lines, first in _places(made):
        try:
            tree = ast.parse("".join(lines))
        except SyntaxError:
            continue
        for node in reversed(tree.body):
            kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
            if not isinstance(node, kinds) or node.name != name:
                continue
            start = min([node.lineno, *(item.lineno for item in node.decorator_list)])
            if first is None or start <= first <= (node.end_lineno or start):
                return "".join(lines[start - 1 : node.end_lineno]).rstrip()
    raise _bad(
        name,
        f"The source of {name} cannot be had: it was not typed in a cell or file that is still "
        "there. Write it to a file, and give that (add_network('mynet.py')).",
    )


def _places(made: Any) -> Iterator[tuple[list[str], int | None]]:
    """Yield texts that may hold a definition, with one of its lines where that is known."""
    for code in _codes(made):
        lines = linecache.getlines(code.co_filename)
        if lines:
            yield lines, code.co_firstlineno
    # A class without methods does not tell where it comes from: the newest cell that has it.
    cells = vars(sys.modules[MAIN]).get("In")
    for cell in reversed(cells if isinstance(cells, list) else []):
        yield str(cell).splitlines(keepends=True), None


def _codes(made: Any) -> Iterator[CodeType]:
    members = [made] if inspect.isfunction(made) else list(vars(made).values())
    for member in members:
        inner = getattr(member, "__func__", getattr(member, "fget", member))
        code = getattr(inner, "__code__", None)
        if isinstance(code, CodeType) and getattr(inner, "__module__", None) == MAIN:
            yield code


def _bad(value: str, message: str) -> InvalidDataError:
    return InvalidDataError(
        message, errors=[FieldError(field="networks", value=value, message=message)]
    )
