"""The rows that a benchmark prints, and where they are kept."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True)
class Row:
    """One figure."""

    benchmark: str
    what: str
    value: str
    goal: str = ""
    note: str = ""


def machine() -> str:
    """Describe the machine in a line."""
    memory = psutil.virtual_memory().total / 1e9
    cpus = f"{psutil.cpu_count()} CPUs ({platform.machine()})"
    python = f"Python {platform.python_version()}"
    return f"{cpus}, {memory:.0f} GB, {platform.system()}, {python}"


def show(rows: list[Row]) -> None:
    """Print the table."""
    table = Table(title=f"{machine()}, load {psutil.getloadavg()[0]:.1f}")
    for column in ("benchmark", "what", "value", "goal", "note"):
        table.add_column(column, justify="right" if column == "value" else "left")
    for row in rows:
        table.add_row(*asdict(row).values())
    Console(width=140).print(table)


def keep(rows: list[Row]) -> None:
    """Write the rows to ``results.json``, replacing those of the same benchmarks."""
    old = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"rows": []}
    fresh = {row.benchmark for row in rows}
    kept = [row for row in old["rows"] if row["benchmark"] not in fresh]
    today = datetime.now(UTC).date().isoformat()
    record = {
        "machine": machine(),
        "rows": kept + [{**asdict(row), "date": today} for row in rows],
    }
    text = json.dumps(record, indent=2, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")
