"""Results of jobs as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from jupyter_platform.cli.output import number, print_fields, print_table

LARGE = (
    "classes",
    "confusion",
    "per_class",
    "pairs",
    "examples",
    "agents",
    "headline",
    "error",
    "warnings",
)
"""Parts of a result that are no line in a list of fields."""
MOST_CLASSES = 20
"""Classes above which a confusion matrix does not fit on a screen."""


def print_result(result: Mapping[str, Any]) -> None:
    """Print a result: its numbers, tables per class or agent, and the confusion matrix."""
    for warning in result.get("warnings") or ():
        click.echo(f"▲ {warning}")
    print_fields(
        (key.replace("_", " "), _text(value)) for key, value in result.items() if key not in LARGE
    )
    per_class = result.get("per_class")
    if per_class:
        click.echo()
        print_per_class(per_class)
    if agents := result.get("agents"):
        click.echo()
        print_agents(agents)
    confusion = result.get("confusion")
    if confusion and len(confusion) <= MOST_CLASSES:
        click.echo("\n" + confusion_text(confusion, class_names(result)))


def class_names(result: Mapping[str, Any]) -> list[str]:
    """Return the names of the classes in the order of the confusion matrix."""
    rows = result.get("per_class") or ()
    return [str(name) for name in result.get("classes") or [row["class"] for row in rows]]


def print_per_class(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the scores of each class, the worst first; of pixels IoU as well."""
    is_pixels = "iou" in rows[0]
    keys = (*(("iou",) if is_pixels else ()), "precision", "recall", "f1")
    table = [
        (str(row["class"]), *(_score(row[key]) for key in keys), f"{row['support']:,}")
        for row in sorted(rows, key=lambda row: float(row["f1"]))
    ]
    count = ">PIXELS" if is_pixels else ">SAMPLES"
    print_table(("CLASS", *(f">{key.upper()}" for key in keys), count), table)


def _score(value: float | None) -> str:
    """Return a score as text; of a class of pixels that does not occur there is none."""
    return "–" if value is None else f"{value:.3f}"


def print_agents(agents: Sequence[Mapping[str, Any]]) -> None:
    """Print what each of several agents came to."""
    print_table(
        ("AGENT", ">EPISODES", ">ACTIONS", ">MEAN RETURN", ">BEST"),
        [
            (
                str(item["agent"]),
                *(f"{item[key]:,}" for key in ("episodes", "actions")),
                *("–" if value is None else number(value) for value in _returns(item)),
            )
            for item in agents
        ],
    )


def _returns(agent: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return the mean return of an agent and its best one; None before any episode ended."""
    return agent["mean_return"], (agent["best"] or {}).get("reward")


def confusion_text(confusion: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    """Return a confusion matrix with named axes; zeros off the diagonal are dots.

    Parameters
    ----------
    confusion : sequence of sequence of int
        Samples by ``[true][predicted]``.
    names : sequence of str
        The classes.
    """
    short = [name[:8] for name in names]
    cells = [
        [str(count) if count or row == column else "·" for column, count in enumerate(counts)]
        for row, counts in enumerate(confusion)
    ]
    width = max(len(text) for text in [*short, *(cell for row in cells for cell in row)])
    left = max(len("true"), *(len(name) for name in short))
    head = " ".join(name.rjust(width) for name in short)
    lines = [" " * (left + 2) + "predicted", f"{'true':<{left}}  {head}"]
    lines += [
        f"{name:<{left}}  " + " ".join(cell.rjust(width) for cell in row)
        for name, row in zip(short, cells, strict=True)
    ]
    return "\n".join(lines)


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or value is None:
        return None if value is None else str(value).lower()
    if isinstance(value, float):
        return number(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        parts = [f"{key} {_text(item)}" for key, item in value.items() if item is not None]
        return ", ".join(parts)
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)
