"""The house keeps its order: what imports what, how full a room is, and where tests stand.

Imports between Python packages are held by import-linter, the length of functions by ruff.
"""

from __future__ import annotations

import re
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from .test_repository import FILES, ROOT

PACKAGE = ROOT / "jupyter_platform"
TYPESCRIPT = ROOT / "labextension" / "src"
DIVIDED = ("coordinator", "learning")
"""Packages whose modules are divided into rooms."""
MOST_FILES = 16
ACROSS = {"acceptance", "chaos", "e2e", "notebooks"}
"""Folders of tests that are about the whole, not about one package."""
IMPORT = re.compile(r"(?:import|export)\b[^;']*?\bfrom\s+'(\.[^']*)'|import\s+'(\.[^']*)'")


def _imported_by(module: Path) -> set[Path]:
    """Return the modules of ours that a module of TypeScript names, those of types too."""
    found = set()
    for match in IMPORT.finditer(module.read_text(encoding="utf-8")):
        named = (module.parent / (match[1] or match[2])).resolve()
        places = [named.with_name(named.name + end) for end in (".ts", ".tsx")]
        found.update(at for at in [*places, named / "index.ts"] if at.is_file())
    return found


def test_no_module_of_typescript_imports_in_a_circle():
    modules = [path for path in FILES if path.is_relative_to(TYPESCRIPT) and ".ts" in path.suffix]
    graph = {module: _imported_by(module) for module in modules}
    assert sum(map(len, graph.values())) > len(graph), "imports are recognised"

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = [str(path.relative_to(TYPESCRIPT)) for path in error.args[1]]
        pytest.fail(" imports ".join(reversed(circle)))


@pytest.mark.parametrize("package", DIVIDED)
def test_no_room_is_crowded(package: str):
    modules = [path for path in FILES if path.is_relative_to(PACKAGE / package)]
    rooms = Counter(path.parent for path in modules if path.suffix == ".py")

    assert len(rooms) > 5
    assert {str(room): count for room, count in rooms.items() if count > MOST_FILES} == {}


def test_tests_stand_where_the_package_has_what_they_are_about():
    tests = {path.parent.relative_to(ROOT / "tests") for path in FILES if _is_test(path)}
    about_parts = {folder for folder in tests if folder.parts and folder.parts[0] not in ACROSS}

    assert len(about_parts) > 20
    assert [str(folder) for folder in about_parts if not (PACKAGE / folder).is_dir()] == []


def _is_test(path: Path) -> bool:
    return path.is_relative_to(ROOT / "tests") and path.name.startswith("test_")
