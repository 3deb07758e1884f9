"""Write what was measured into the pages that show it: ``python scripts/write_figures.py``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
PAGES = {"README.md": "readme", "docs/figures.md": "all"}
"""Page to which figures it holds."""
BEGIN, END = "<!-- figures: python scripts/write_figures.py -->", "<!-- end of figures -->"
UNRESOLVED = "noisy: not resolved"
MARK = "†"
TITLES = {
    "start": "From nothing",
    "memory": "Memory",
    "submit": "Submitting",
    "learn": "What live metrics cost a step",
    "throughput": "Throughput of LEARN",
    "gang": "Several processes",
    "evaluate": "Throughput of EVALUATE",
    "curve": "Reading a curve",
    "first page": "JupyterLab's first page",
    "planner": "The planner",
    "queueing": "The queue",
    "fifty jobs": "Fifty running jobs in one page",
    "opening": "Panels and dashboards",
}
"""Benchmark to the heading of its figures; one that is missing is called by its own name."""
QUOTED = (
    "submit call → first training step / import torch",
    "a submission acknowledged and on disk",
    "LeNet 28×28, batch 64: live metrics / bare loop",
    "curve of 1,000,000 points in 2,000 buckets (exact extremes), HTTP",
    "TensorBoard, the same curve sampled to 1,000 points, HTTP",
    "added to JupyterLab's first page, until its launcher is there",
    "all together",
)
"""Figures that the README quotes."""
WORDS = {"all together": "all processes of an idle platform together"}
"""What a figure is called where it stands alone."""


def render(results: dict[str, Any], which: str) -> str:
    """Return figures as Markdown.

    Parameters
    ----------
    results : dict
        What ``benchmarks/results.json`` holds.
    which : str
        ``readme`` for those that the README quotes, ``all`` for all of them.
    """
    rows = results["rows"]
    measured = f"Measured on {results['machine']}."
    if which == "readme":
        known = {row["what"]: row for row in rows}
        return "\n".join([measured, "", *_table([known[what] for what in QUOTED])])
    lines = [measured]
    for name in dict.fromkeys(row["benchmark"] for row in rows):
        lines += ["", f"## {TITLES.get(name, name)}", ""]
        lines += _table([row for row in rows if row["benchmark"] == name])
    return "\n".join(lines)


def with_figures(page: str, results: dict[str, Any], which: str) -> str:
    """Return a page with its figures between the marks."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{render(results, which)}\n{END}{after}"


def _table(rows: list[dict[str, str]]) -> list[str]:
    lines = [
        "| figure | value | goal or peer | note | measured |",
        "|---|---:|---|---|---|",
    ]
    for row in rows:
        note, value = row["note"], row["value"]
        if UNRESOLVED in note:
            note, value = note.replace(f" ({UNRESOLVED})", ""), f"{value} {MARK}"
        name = WORDS.get(row["what"], row["what"])
        lines.append(f"| {name} | {value} | {row['goal']} | {note} | {row['date']} |")
    return lines


if __name__ == "__main__":
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    for name, which in PAGES.items():
        page = ROOT / name
        page.write_text(
            with_figures(page.read_text(encoding="utf-8"), found, which), encoding="utf-8"
        )
