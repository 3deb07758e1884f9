"""Write docs/options.md from the option schemas: ``python scripts/write_option_docs.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_platform.core.options import OPTION_MODELS, option_schema
from jupyter_platform.core.options.resolve import accepted_values

PATH = Path(__file__).parents[1] / "docs" / "options.md"

INTRODUCTION = """\
# Options

What each type of job takes, the same for form, magic, command line, client and API. This page is
made from the schemas by `python scripts/write_option_docs.py`.

Each option may be given in our spelling or in DIANNE's, but not in both at once. A set of samples
is `start,stop`, half-open, or a list of three or more indices.
"""


def render() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for job_type, model in OPTION_MODELS.items():
        schema = option_schema(model)
        parts.append(f"\n## {job_type}\n\n{schema['description']}\n")
        parts.append(
            "\n| option | default | accepted | what it does | DIANNE |\n|---|---|---|---|---|\n"
        )
        for name, field in schema["properties"].items():
            parts.append(_row(name, field))
    return "".join(parts)


def _row(name: str, field: dict[str, Any]) -> str:
    default = field["default_text"] if field["default"] is None else f"`{field['default']}`"
    unit = f" ({field['unit']})" if "unit" in field else ""
    old = ", ".join(f"`{key}`" for key in field.get("dianne", ()))
    cells = f"`{name}`", default, f"{accepted_values(field)}{unit}", field["description"], old
    return f"| {' | '.join(str(cell) for cell in cells)} |\n"


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
