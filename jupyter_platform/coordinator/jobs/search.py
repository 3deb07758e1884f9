"""Lists of jobs: the searched text, the syntax of searches, and the queries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Select, func, select

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.jobs.owner import JOB
from jupyter_platform.coordinator.store.tables import JobRow, WorkloadRow
from jupyter_platform.core.errors import InvalidRequestError, unknown_name
from jupyter_platform.core.states import JobState, JobTarget, JobType

_TERM = re.compile(r'"([^"]*)"?|(\S+)')
_NUMBER = re.compile(r"[a-z_]+=[-+]?[0-9.]+(e[-+]?[0-9]+)?")


def search_text(words: Iterable[str], options: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Return the text of a job that searches look through, in lower case.

    Parameters
    ----------
    words : iterable of str
        Id, name, type, networks and the like.
    options, given : mapping
        All options, of which those that are chosen from words are found, and the ones that were
        given, which are found by any value.
    """
    chosen = {key: value for key, value in options.items() if isinstance(value, str)}
    shown = (f"{key}={_shown(value)}" for key, value in {**chosen, **given}.items())
    return f"{' '.join([*words, *shown])} ".lower()


def search_terms(text: str) -> list[str]:
    """Split a query into its terms, all of which must match: words and quoted phrases.

    A number of an option is meant as a whole: ``batch_size=3`` does not find 32.
    """
    terms = [phrase or word for phrase, word in _TERM.findall(text.lower())]
    return [f"{term} " if _NUMBER.fullmatch(term) else term for term in terms]


@lru_cache(maxsize=64)  # those of a page that is open are asked again and again
def listing(
    principal: Principal,
    state: str | None,
    type_: str | None,
    search: str | None,
    ids: str | None,
    name: str | None,
    sweep: str | None,
    order: Literal["newest", "oldest"],
) -> tuple[Select[int], Select[str]]:
    """Return the queries of how many jobs match everything given, and of their ids.

    The table of workloads holds what is filtered by; few rows of jobs are shown.

    Parameters
    ----------
    principal : Principal
        Who asks.
    state, type_, search, ids, name, sweep : str, optional
        As of `JobService.list`.
    order : str
        ``newest`` or ``oldest``, of submission.

    Raises
    ------
    InvalidRequestError
        If a state or a type is unknown.
    """
    query = _filtered(select(WorkloadRow.id), principal, state, type_, search, ids, name)
    if sweep is not None:
        jobs = JobRow.__table__.c
        query = query.where(WorkloadRow.id.in_(select(jobs.id).where(jobs.sweep == sweep)))
    sequence = WorkloadRow.sequence
    direction = sequence.asc() if order == "oldest" else sequence.desc()
    counted = query.with_only_columns(func.count(), maintain_column_froms=True)
    return counted, query.order_by(direction)


def _filtered(
    query: Select[str],
    principal: Principal,
    state: str | None,
    type_: str | None,
    search: str | None,
    ids: str | None,
    name: str | None,
) -> Select[str]:
    """Return the query of those workloads that are such jobs."""
    is_there = WorkloadRow.target != JobTarget.DELETE.value
    query = query.where(WorkloadRow.kind == JOB, is_there)
    if state is not None:
        query = query.where(WorkloadRow.state.in_(_values("state", state, list(JobState))))
    if type_ is not None:
        query = query.where(WorkloadRow.lane.in_(_values("type", type_, list(JobType))))
    if ids is not None:
        query = query.where(WorkloadRow.id.in_([item.strip() for item in ids.split(",")]))
    if name is not None:
        query = query.where(WorkloadRow.name == name)
    for term in search_terms(search or ""):
        is_found = WorkloadRow.search.contains(term, autoescape=True)
        if not principal.administers:
            # What somebody else's job works on is not found out by searching for it either.
            is_named = func.lower(WorkloadRow.name).contains(term, autoescape=True)
            is_found = is_named | (is_found & (WorkloadRow.owner == principal.user))
        query = query.where(is_found)
    return query


def _values(field: str, text: str, known: Sequence[str]) -> list[str]:
    values = [item.strip() for item in text.split(",") if item.strip()]
    for value in values:
        if value not in known:
            error = unknown_name(field, value, known)
            raise InvalidRequestError(error.message, errors=[error])
    return values


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(_shown(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
