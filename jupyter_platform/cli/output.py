"""Output of the commands: tables, records, times and states."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jupyter_platform.core.jobs import JobRecord
from jupyter_platform.core.states import JobState
from jupyter_platform.core.units import format_duration

Command = TypeVar("Command", bound=Callable[..., Any])

SHAPES: dict[str, tuple[str, str]] = {
    JobState.QUEUED: ("◌", "yellow"),
    JobState.STARTING: ("◔", "cyan"),
    JobState.RUNNING: ("●", "cyan"),
    JobState.STOPPING: ("◑", "cyan"),
    JobState.PAUSED: ("‖", "yellow"),
    JobState.UNREACHABLE: ("?", "red"),
    JobState.FINISHED: ("✓", "green"),
    JobState.STOPPED: ("■", "default"),
    JobState.FAILED: ("✗", "red"),
    JobState.CANCELLED: ("○", "default"),
    "up": ("●", "green"),
    "silent": ("?", "yellow"),
    "lost": ("?", "red"),
    "stopped": ("■", "default"),
}
"""Shape and colour beside each state's word."""


def json_option(command: Command) -> Command:
    """Give a command the option ``--json``, as the argument `as_json`."""
    option = click.option("--json", "as_json", is_flag=True, help="Print records as JSON.")
    return option(command)


def print_json(value: Any) -> None:
    """Print a record, a list of records or plain data as JSON, and nothing else."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def plain(value: Any) -> Any:
    """Return the JSON form of records, at any depth."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str = "Nothing there yet."
) -> None:
    """Print a table: fitted to a terminal, whole and plain into a file or pipe.

    Parameters
    ----------
    columns : sequence of str
        Headings; one that begins with ``>`` is aligned to the right.
    rows : iterable of sequence of str
        The cells.
    empty : str
        Sentence that stands instead of a table without rows.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        click.echo(empty)
    elif sys.stdout.isatty():
        Console().print(_terminal_table(columns, cells))
    else:
        click.echo(_plain_table(columns, cells))


def print_fields(pairs: Iterable[tuple[str, str | None]]) -> None:
    """Print names and values below each other, leaving out what has no value."""
    kept = [(name, value) for name, value in pairs if value]
    width = max((len(name) for name, _ in kept), default=0)
    for name, value in kept:
        lines = value.splitlines() or [""]
        click.echo(f"{name.ljust(width)}  {lines[0]}")
        for line in lines[1:]:
            click.echo(" " * (width + 2) + line)


def note(text: str) -> None:
    """Print a message for people, apart from results, on standard error."""
    click.echo(text, err=True)


def step(text: str, seconds: float) -> None:
    """Tell which step goes on, and how long it all has taken."""
    note(f"[{seconds:5.1f} s] {text}")


def state_text(state: str) -> str:
    """Return a state as shape and word: ``"✓ finished"``."""
    return f"{SHAPES[state][0]} {state}" if state in SHAPES else state


def ago(moment: datetime | None) -> str:
    """Return how long ago something was: ``"14 min ago"``."""
    if moment is None:
        return ""
    return f"{format_duration((datetime.now(UTC) - moment).total_seconds())} ago"


def clock(moment: datetime | None) -> str | None:
    """Return a moment in local time."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else None


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with so many digits; None stands for one that is not finite."""
    return "not finite" if value is None else f"{value:.{digits}g}"


def took(record: JobRecord) -> str | None:
    """Return how long a job has run."""
    if record.started_at is None:
        return None
    end = record.finished_at or datetime.now(UTC)
    return format_duration((end - record.started_at).total_seconds())


def headline(record: JobRecord) -> str:
    """Return the one number that tells how a job went, or why it did not."""
    if record.error is not None:
        return record.error.message
    if record.headline is not None:
        on = f" ({record.headline.on})" if record.headline.on else ""
        return f"{record.headline.name} {number(record.headline.value)}{on}"
    return ""


def _terminal_table(columns: Sequence[str], cells: list[list[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(columns):
        table.add_column(
            name.removeprefix(">"),
            justify="right" if name.startswith(">") else "left",
            no_wrap=index == 0,
            overflow="ellipsis" if index == 0 else "fold",
        )
    for row in cells:
        table.add_row(*(_styled(cell) for cell in row))
    return table


def _styled(cell: str) -> Text:
    word = cell.split(" ")[1] if cell.count(" ") else ""
    shape, colour = SHAPES.get(word, ("", ""))
    return Text(cell, style=colour if shape and cell.startswith(shape) else "")


def _plain_table(columns: Sequence[str], cells: list[list[str]]) -> str:
    # A line is a record there: line breaks inside a cell become spaces.
    rows = [[name.removeprefix(">") for name in columns]]
    rows += [[" ".join(cell.split("\n")) for cell in row] for row in cells]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    right = [name.startswith(">") for name in columns]
    lines = (
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    )
    return "\n".join(lines)
