"""HTML of the view for adding data: recognised properties and faults."""

from __future__ import annotations

from markupsafe import Markup

from jupyter_platform.core.catalogue import DatasetLook
from jupyter_platform.core.datasets import DatasetPreview
from jupyter_platform.core.units import format_count
from jupyter_platform.panels.dataset_views import gallery
from jupyter_platform.panels.html import shape

_WORDS = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "bar |",
    ".": "point",
    " ": "blank",
    "'": "apostrophe",
    "": "none",
    r"\s+": "blanks",
}
_MOST_COLUMNS = 30


def told(found: DatasetLook) -> dict[str, str]:
    """Return the recognised format of a table, a word for each choice."""
    table = found.table
    if table is None:
        return {}
    words: dict[str, str] = {}
    targets = [column.name for column in table.columns if column.role == "target"]
    if targets:
        words["target"] = ", ".join(targets)
    if table.separator is not None:
        words |= {
            "separator": _WORDS.get(table.separator, table.separator),
            "decimal": _WORDS[table.decimal],
            "thousands": _WORDS.get(table.thousands, table.thousands),
            "encoding": table.encoding or "",
            "header": "has names" if table.header else "is a row",
        }
    dates = [column.date_format for column in table.columns if column.date_format]
    if dates:
        words["date_format"] = dates[0]
    return words


def faulty(found: DatasetLook) -> set[str]:
    """Return the options that would mend what is wrong."""
    return {problem.field for problem in found.problems}


def concerns(found: DatasetLook, option: str) -> bool:
    """Return whether an option means anything to a table."""
    if option in faulty(found):
        return True
    columns = () if found.table is None else found.table.columns
    if option == "missing":
        return any(column.missing for column in columns)
    return any(column.kind == "text" and column.role == "input" for column in columns)


def judged(found: DatasetLook) -> str:
    """Return errors and warnings as HTML."""
    lines = [
        Markup('<p role="alert">✗ {}</p>').format(_sentence(problem.message))
        for problem in found.problems
    ]
    folder = found.folder
    if folder is not None:
        brought = "." if folder.shape is None else f"; all are brought to {shape(folder.shape)}."
        lines.append(
            Markup('<p class="jp-mod-note">Pictures of {}{}</p>').format(folder.sizes, brought)
        )
    facts = found.facts
    if facts is not None:
        learns = (
            format_count(facts.outputs, "class", "classes")
            if facts.task == "classification"
            else format_count(facts.outputs, "number")
        )
        summary = f"{format_count(facts.size, 'sample')} of shape {shape(facts.shape)}, {learns}."
        lines.append(Markup('<p role="status">✓ {}</p>').format(summary))
        lines += [
            Markup('<p class="jp-mod-warning">▲ {}</p>').format(text) for text in facts.warnings
        ]
        lines += [Markup('<p class="jp-mod-note">{}</p>').format(text) for text in facts.notes]
    return str(Markup("").join(lines))


def first(found: DatasetLook) -> str:
    """Return the first rows as they are written, or the first samples, as HTML."""
    table = found.table
    if table is not None and table.first:
        return str(_rows(found))
    if found.facts is None or not found.samples:
        return ""
    shown = DatasetPreview(facts=found.facts, part=None, samples=found.samples)
    return f"<h3>First samples</h3>{gallery(shown)}"


def _rows(found: DatasetLook) -> Markup:
    assert found.table is not None, "asked before"
    columns = found.table.columns[:_MOST_COLUMNS]
    head = Markup("").join(
        Markup('<th scope="col" class="{}">{}<small>{}</small></th>').format(
            _kind(column.kind, column.role),
            column.name,
            f"{column.kind} · {column.role}"
            + (f" · {column.missing:,} missing" if column.missing else ""),
        )
        for column in columns
    )
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                Markup('<td class="{}">{}</td>').format(_kind(column.kind, column.role), cell)
                for column, cell in zip(columns, row, strict=False)
            )
        )
        for row in found.table.first
    )
    left = len(found.table.columns) - len(columns)
    more = Markup("<p>And {} more columns.</p>").format(f"{left:,}") if left > 0 else ""
    return Markup(
        "<h3>First of {} rows</h3>"
        '<div class="jp-PlatformPanel-table jp-PlatformPanel-firstRows"><table><thead><tr>{}</tr>'
        "</thead><tbody>{}</tbody></table></div>{}"
    ).format(f"{found.table.rows:,}", head, body, more)


def _kind(kind: str, role: str) -> str:
    classes = ["jp-mod-number"] if kind == "number" else []
    return " ".join([*classes, *(["jp-mod-leftOut"] if role == "left out" else [])])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
