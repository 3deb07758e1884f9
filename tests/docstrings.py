"""Which public functions say what their parameters are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTION = "Parameters\n---"
EXPLAINED = 2
"""Parameters from which on they have a section; one is told by the sentence of the function."""
DECLARED_ELSEWHERE = ("router.", "click.")
"""Decorators of functions whose parameters say themselves what they are."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class _Class:
    bases: list[str]
    methods: set[str] = field(default_factory=set)


class Docstrings:
    """The functions of a package, read without importing them.

    Parameters
    ----------
    package : Path
        Folder of the package.
    """

    def __init__(self, package: Path) -> None:
        self._package = package
        self._trees = {
            path: ast.parse(path.read_text(encoding="utf-8")) for path in package.rglob("*.py")
        }
        self._classes: dict[str, list[_Class]] = {}
        for tree in self._trees.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    methods = {item.name for item in node.body if isinstance(item, Function)}
                    found = _Class([_name(base) for base in node.bases], methods)
                    self._classes.setdefault(node.name, []).append(found)

    def unexplained(self, folders: tuple[str, ...], but: tuple[str, ...] = ()) -> list[str]:
        """Return the public functions whose parameters are not described.

        A method that a base class of the package has is described there.

        Parameters
        ----------
        folders : tuple of str
            Below the package.
        but : tuple of str
            Folders inside of these that are left out.
        """
        return [
            f"{path.relative_to(self._package)}: {owner + '.' if owner else ''}{function.name}"
            for path, tree in sorted(self._trees.items())
            if path.relative_to(self._package).parts[0] in folders
            and not str(path.relative_to(self._package)).startswith(but or " ")
            for owner, function in _public(tree)
            if _parameters(function) >= EXPLAINED
            and SECTION not in (ast.get_docstring(function) or "")
            and not any(
                word in ast.unparse(item)
                for item in function.decorator_list
                for word in DECLARED_ELSEWHERE
            )
            and not (owner and self._inherits(owner, function.name))
        ]

    def _inherits(self, owner: str, method: str) -> bool:
        bases = {base for found in self._classes.get(owner, ()) for base in found.bases} - {owner}
        return any(
            any(method in found.methods for found in self._classes.get(base, ()))
            or self._inherits(base, method)
            for base in bases
        )


def _public(node: ast.Module | ast.ClassDef, owner: str = "") -> Iterator[tuple[str, Function]]:
    for item in node.body:
        if isinstance(item, ast.ClassDef | Function) and item.name.startswith("_"):
            continue
        if isinstance(item, ast.ClassDef):
            yield from _public(item, item.name)
        elif isinstance(item, Function):
            yield owner, item


def _parameters(function: Function) -> int:
    given = function.args
    names = [item.arg for item in [*given.posonlyargs, *given.args, *given.kwonlyargs]]
    named = [name for name in names if name not in ("self", "cls")]
    return len(named) + (given.vararg is not None) + (given.kwarg is not None)


def _name(base: ast.expr) -> str:
    inner = base.value if isinstance(base, ast.Subscript) else base
    return ast.unparse(inner).rpartition(".")[2]
