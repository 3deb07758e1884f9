"""Pieces of HTML that pages of panels are made of; all text in them is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup


def paragraph(text: str) -> Markup:
    """Return a paragraph, or nothing where there is nothing to say."""
    return Markup("<p>{}</p>").format(text) if text else Markup("")


def definitions(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Return a list of names and values; names without a value are left out."""
    return Markup("<dl>{}</dl>").format(
        Markup("").join(
            Markup("<dt>{}</dt><dd>{}</dd>").format(name, text) for name, text in pairs if text
        )
    )


def shape(sizes: Sequence[int]) -> str:
    """Return a shape as ``1 × 8 × 8``."""
    return " × ".join(f"{size:,}" for size in sizes) or "1"


def table(headings: Sequence[str], rows: Sequence[Sequence[str | Markup]]) -> Markup:
    """Return a table; columns whose heading begins with ``>`` are numbers."""
    kinds = ["jp-mod-number" if name.startswith(">") else "" for name in headings]
    head = Markup("").join(
        Markup('<th scope="col" class="{}">{}</th>').format(kind, name.removeprefix(">"))
        for kind, name in zip(kinds, headings, strict=True)
    )
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                Markup('<td class="{}">{}</td>').format(kind, cell)
                for kind, cell in zip(kinds, row, strict=True)
            )
        )
        for row in rows
    )
    return Markup(
        '<div class="jp-PlatformPanel-table"><table><thead><tr>{}</tr></thead><tbody>{}</tbody>'
        "</table></div>"
    ).format(head, body)
