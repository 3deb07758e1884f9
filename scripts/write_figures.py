"""Write benchmarks/results.json into README.md: ``python scripts/write_figures.py``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results.json"
BEGIN, END = "<!-- figures: python scripts/write_figures.py -->", "<!-- end of figures -->"


def render(results: dict[str, Any]) -> str:
    """Return the table of all figures as Markdown."""
    lines = [
        f"Measured on {results['date']}: {results['machine']}.",
        "",
        "| figure | value | goal or peer | note |",
        "|---|---:|---|---|",
    ]
    lines += [
        f"| {row['what']} | {row['value']} | {row['goal']} | {row['note']} |"
        for row in results["rows"]
    ]
    return "\n".join(lines)


def with_figures(readme: str, results: dict[str, Any]) -> str:
    """Return the README with the table between its marks."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{render(results)}\n{END}{after}"


if __name__ == "__main__":
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    README.write_text(with_figures(README.read_text(encoding="utf-8"), found), encoding="utf-8")
