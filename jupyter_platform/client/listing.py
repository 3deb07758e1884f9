"""Lists of records that read well at a prompt and in a notebook."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

SHOWN = 50
"""Rows that are drawn; the list itself holds all."""


class Listing(list[T]):
    """A list with a table as its representation.

    Parameters
    ----------
    items : iterable
        The records.
    columns : sequence of str
        Headings of the table.
    row : callable
        Gives the cells of one record.
    total : int, optional
        How many there are in all, where `items` is only a page.
    """

    def __init__(
        self,
        items: Iterable[T],
        columns: Sequence[str],
        row: Callable[[T], Sequence[str]],
        *,
        total: int | None = None,
    ) -> None:
        super().__init__(items)
        self.columns = tuple(columns)
        self.total = len(self) if total is None else total
        self._row = row

    def rows(self) -> list[tuple[str, ...]]:
        """Return the cells of every record, in the order of `columns`."""
        return [tuple(self._row(item)) for item in self]

    def __repr__(self) -> str:
        table = [self.columns, *self.rows()[:SHOWN]]
        widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        ]
        return "\n".join([*lines, *self._remark()])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self.rows()[:SHOWN]
        )
        foot = "".join(f"<p>{html.escape(line)}</p>" for line in self._remark())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}"

    def _remark(self) -> list[str]:
        shown = min(len(self), SHOWN)
        return [f"{shown:,} of {self.total:,} shown"] if shown < self.total else []
