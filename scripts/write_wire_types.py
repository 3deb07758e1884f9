"""Write the types of the REST API for TypeScript: ``python scripts/write_wire_types.py [--check]``.

The application is made but not started; its OpenAPI document goes through openapi-typescript, which
needs ``labextension/node_modules``.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from jupyter_platform.coordinator.api import create_app
from jupyter_platform.coordinator.api.services import Services
from jupyter_platform.coordinator.identity.tokens import Identity

ROOT = Path(__file__).parents[1]
PATH = ROOT / "labextension" / "src" / "wire" / "generated.ts"
_SOURCES = ("core", "coordinator/api")
"""Where the records are defined, for the docstrings of their fields."""
_GENERATOR = "scripts/wire-types.mjs"


def render() -> str:
    """Return the file of types."""
    nobody = cast(Services, SimpleNamespace(on_request=None))
    schemas = create_app(nobody, identity=Identity("", "")).openapi()["components"]["schemas"]
    docs = dict(_field_docs())
    for name, schema in schemas.items():
        _describe(schema, docs.get(name.partition("-")[0], {}))
    document = {
        "openapi": "3.1.0",
        "info": {"title": "", "version": ""},
        "paths": {},
        "components": {"schemas": dict(sorted(schemas.items()))},
    }
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "openapi.json"), Path(folder, "generated.ts")
        source.write_text(json.dumps(document), encoding="utf-8")
        command = ["node", _GENERATOR, str(source), str(made)]
        subprocess.run(command, cwd=ROOT / "labextension", check=True)
        return made.read_text(encoding="utf-8")


def _describe(schema: dict[str, Any], docs: dict[str, str]) -> None:
    """Give the fields of a record their docstrings, and take away what says nothing."""
    schema.pop("title", None)
    for name, field in schema.get("properties", {}).items():
        field.pop("title", None)
        field.pop("default", None)
        if name in docs:
            field["description"] = docs[name]


def _field_docs() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the name of each class with the docstrings of its fields."""
    for folder in _SOURCES:
        for path in sorted((ROOT / "jupyter_platform" / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    yield node.name, _docs_of(node)


def _docs_of(node: ast.ClassDef) -> dict[str, str]:
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in zip(node.body, node.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


if __name__ == "__main__":
    text = render()
    if "--check" not in sys.argv:
        PATH.write_text(text, encoding="utf-8")
    elif text != PATH.read_text(encoding="utf-8"):
        sys.exit(f"{PATH.relative_to(ROOT)} is stale: run python scripts/write_wire_types.py")
