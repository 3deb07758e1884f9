"""Which jobs that have not ended use a network or a tag."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Text, cast, select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.store.tables import JobRow
from jupyter_platform.core.errors import ConflictError, FieldError
from jupyter_platform.core.kinds import kinds
from jupyter_platform.core.states import TERMINAL

_TAG_OPTIONS = ("tag", "init_tag")


def refuse_network_in_use(session: Session, network: str) -> None:
    """Refuse to change a network while unfinished jobs use it.

    Parameters
    ----------
    session : Session
        Database session.
    network : str
        Name of the network.

    Raises
    ------
    ConflictError
        If a job that has not ended uses it; the first one is named.
    """
    for job in _jobs_of(session, network):
        raise ConflictError(f"Network {network!r} is used by {_told(job)}.")


def refuse_tag_in_use(session: Session, network: str, tag: str) -> None:
    """Refuse to change weights while unfinished jobs use them.

    Parameters
    ----------
    session : Session
        Database session.
    network : str
        Name of the network.
    tag : str
        Name of the weights.

    Raises
    ------
    ConflictError
        If a job that has not ended reads or writes them; the first one is named.
    """
    for job in _jobs_of(session, network):
        named = [job.id, job.tag, *(job.options.get(name) for name in _TAG_OPTIONS)]
        # What a job reads may be spelled <tag>/<variant>.
        if tag in {str(item).partition("/")[0] for item in named if item}:
            raise ConflictError(f"Tag {tag!r} of network {network!r} is used by {_told(job)}.")


def refuse_second_writer(session: Session, networks: Sequence[str], tag: str) -> None:
    """Refuse a job whose tag is being written by another unfinished job.

    Parameters
    ----------
    session : Session
        Database session.
    networks : sequence of str
        Networks of the new job.
    tag : str
        Name for its weights.

    Raises
    ------
    ConflictError
        If a job that has not ended writes the tag for one of the networks; it is named.
    """
    for network in networks:
        for job in _jobs_of(session, network):
            if not kinds()[job.type].writes_weights or job.tag != tag:
                continue
            message = (
                f"tag = {tag!r} is written by {_told(job)}, or choose another tag: two jobs never "
                "write one tag at once."
            )
            field = FieldError(field="tag", value=tag, message=message, accepted="another tag")
            raise ConflictError(message, errors=[field])


def rename_in_jobs(session: Session, network: str, new: str) -> list[str]:
    """Rename a network in its jobs, and return the ids of these.

    Their own names, and what they were told when they were submitted, stay.

    Parameters
    ----------
    session : Session
        Database session.
    network : str
        Former name.
    new : str
        New name.
    """
    query = select(JobRow).where(_named(network))
    rows = [row for row in session.scalars(query) if network in row.networks]
    for row in rows:
        row.networks = [new if name == network else name for name in row.networks]
        row.search = f"{row.search} {new.lower()}"
    return [row.id for row in rows]


def _named(network: str) -> ColumnElement[bool]:
    """Narrow a query to rows that may name a network, so that not all jobs have to be read."""
    return cast(JobRow.networks, Text).contains(json.dumps(network), autoescape=True)


def _jobs_of(session: Session, network: str) -> Iterator[JobRow]:
    ended = [state.value for state in TERMINAL]
    query = select(JobRow).where(JobRow.state.not_in(ended)).order_by(JobRow.sequence)
    return (row for row in session.scalars(query) if network in row.networks)


def _told(job: JobRow) -> str:
    return f"job {job.name!r} ({job.id}), which is {job.state}; stop it first, or wait for its end"
