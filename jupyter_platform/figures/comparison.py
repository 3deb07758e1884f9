"""Two to twenty jobs beside each other: what differs first, curves over each other."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jupyter_platform.core.errors import InvalidRequestError, NotFoundError
from jupyter_platform.figures.curves import Axis, Curves, curves_plot

if TYPE_CHECKING:
    import pandas as pd

    from jupyter_platform.client import Job
    from jupyter_platform.figures.plot import Plot

MOST_JOBS = 20
LEAST_JOBS = 2
Row = dict[str, Any]
"""Job id to value."""


class Comparison:
    """A comparison of several jobs for a notebook.

    Parameters
    ----------
    jobs : sequence of Job
        Two to twenty, in the order in which they are shown.
    series : str or sequence of str, optional
        Curves to draw; all when absent.
    x : str
        ``step``, or ``time``: seconds since the first point of each job.
    theme : str, optional
        ``light`` or ``dark``; that of the page when absent.

    Raises
    ------
    InvalidRequestError
        If there are fewer or more jobs, or one stands twice.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        series: str | Sequence[str] | None = None,
        x: Axis = "step",
        theme: str | None = None,
    ) -> None:
        _check(jobs)
        self.jobs = list(jobs)
        self._series = series
        self._x: Axis = x
        self._theme = theme
        self._records = [job.refresh().record for job in self.jobs]

    @cached_property
    def labels(self) -> list[str]:
        """Labels of the jobs: their names without the words that all of them begin with.

        Jobs that share a name have the beginning of their id behind it.
        """
        names = _distinct_parts([record.name for record in self._records])
        return [
            f"{name} ({record.id[:4]})" if names.count(name) > 1 else name
            for name, record in zip(names, self._records, strict=True)
        ]

    def options(self, *, differing: bool = True) -> pd.DataFrame:
        """Return the options, one row each and one column a job.

        Parameters
        ----------
        differing : bool
            Options that differ between jobs.
        """
        return self._table([_asked(record) for record in self._records], differing)

    def results(self, *, differing: bool = True) -> pd.DataFrame:
        """Return the scores and times, one row each and one column a job."""
        return self._table([_reached(record) for record in self._records], differing)

    def plot(self) -> Plot:
        """Return the curves of all jobs over each other.

        Raises
        ------
        NotFoundError
            If there are no curves, or no such series.
        """
        curves = [
            Curves(label, job.metrics()) for label, job in zip(self.labels, self.jobs, strict=True)
        ]
        return curves_plot(curves, self._series, self._x, self._theme)

    def __repr__(self) -> str:
        parts = [f"<Comparison of {len(self.jobs)} jobs>"]
        for title, table in (("results", self.results()), ("options", self.options())):
            told = table.to_string() if len(table) else "the same in all of them"
            parts.append(f"{title} that differ:\n{told}")
        return "\n\n".join(parts)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        try:
            drawn = self.plot()._repr_mimebundle_()["text/html"]
        except NotFoundError as error:
            drawn = f"<p>{html.escape(error.message)}</p>"
        return {"text/html": f"{self._html()}{drawn}", "text/plain": repr(self)}

    def _html(self) -> str:
        tables = [("Results", self.results), ("Options", self.options)]
        shown = "".join(_table_html(title, ask(differing=True)) for title, ask in tables)
        same = "".join(
            _table_html(title, _without(ask(differing=False), ask(differing=True)))
            for title, ask in tables
        )
        folded = f"<details><summary>The same in all of them</summary>{same}</details>"
        return f"<div>{shown}{folded if same else ''}</div>"

    def _table(self, columns: Sequence[Mapping[str, Any]], differing: bool) -> pd.DataFrame:
        import pandas as pd  # noqa: PLC0415 - half a second that only this needs

        names = list(dict.fromkeys(name for item in columns for name in item))
        rows = {name: [item.get(name) for item in columns] for name in names}
        kept = {
            name: row
            for name, row in rows.items()
            if not differing or any(item != row[0] for item in row)
        }
        return pd.DataFrame(kept.values(), index=list(kept), columns=self.labels, dtype=object)


def _check(jobs: Sequence[Job]) -> None:
    if not LEAST_JOBS <= len(jobs) <= MOST_JOBS:
        raise InvalidRequestError(
            f"{len(jobs)} jobs are given; {LEAST_JOBS} to {MOST_JOBS} can be compared."
        )
    ids = [job.id for job in jobs]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        raise InvalidRequestError(f"Job {twice} is given twice; name each job once.")


def _distinct_parts(names: Sequence[str]) -> list[str]:
    words = [name.split(" ") for name in names]
    shared = 0
    while all(len(item) > shared + 1 and item[shared] == words[0][shared] for item in words):
        shared += 1
    return [" ".join(item[shared:]) for item in words]


def _asked(record: Any) -> Row:
    return {
        "type": str(record.type),
        "network": ", ".join(record.networks),
        "dataset": record.dataset,
        "processes": record.target_count,
        **record.options,
    }


def _reached(record: Any) -> Row:
    found: Row = {"state": str(record.state)}
    if record.headline is not None:
        found[record.headline.name] = record.headline.value
    if record.started_at is not None and record.finished_at is not None:
        found["time (s)"] = round((record.finished_at - record.started_at).total_seconds(), 1)
    found |= {
        name: item
        for name, item in (record.result or {}).items()
        if isinstance(item, int | float | str) and not isinstance(item, bool)
    }
    return found


def _without(table: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    return table.loc[[name for name in table.index if name not in other.index]]


def _table_html(title: str, table: pd.DataFrame) -> str:
    if not len(table):
        return ""
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in table.columns)
    body = "".join(
        f'<tr><th scope="row" style="text-align:left">{html.escape(str(name))}</th>'
        + "".join(f"<td>{html.escape(_cell(item))}</td>" for item in row)
        + "</tr>"
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    )
    return (
        f"<table><caption style='text-align:left'>{title}</caption>"
        f"<thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cell(item: Any) -> str:
    if item is None:
        return "–"
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, float):
        return f"{item:,.0f}" if abs(item) >= 1000 else f"{item:.4g}"
    return str(item)
