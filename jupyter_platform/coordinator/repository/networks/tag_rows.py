"""The rows of tags and of their weights: what a job makes, and where names point."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.store.tables import JobRow, TagRow, TagVariantRow
from jupyter_platform.core.catalogue import TagOrigin, TagRecord, TagVariant
from jupyter_platform.core.errors import ConflictError
from jupyter_platform.core.options.measured import measured

R = TypeVar("R", TagRow, TagVariantRow)

BEST, LAST = "best", "last"
BEST_BY = "validation_loss"
"""The score by which weights are the best: the lowest."""
_WORDS = {"name", "title", "summary", "source", "licence"}
"""Fields of a dataset's descriptor that change no score."""


def scored_on(session: Session, job: str | None) -> str | None:
    """Return a digest of what the validations of a job measure, and on which samples.

    Scores of two jobs can be compared where it is the same. None for weights that no job made,
    or none that is still known.

    Parameters
    ----------
    session : Session
        Database session.
    job : str or None
        Id of the job; None for weights of no job.
    """
    row = None if job is None else session.get(JobRow, job)
    if row is None:
        return None
    dataset = {
        key: value for key, value in (row.spec.get("dataset") or {}).items() if key not in _WORDS
    }
    # What was given stays; the resolved options are completed by the run, at some time.
    given = dict(row.given)
    for network in row.spec.get("networks") or ():
        given = {**(network["description"].get("defaults") or {}), **given}
    given |= {name: row.options.get(name) for name in ("strategy", "environment")}
    told = {"dataset": dataset, "options": measured(given, dataset.get("task"))}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def keep(session: Session, tag: TagRow, weights: TagVariantRow) -> TagRow:
    """Store weights as a variant of their tag, in place of the former ones.

    Parameters
    ----------
    session : Session
        Database session.
    tag : TagRow
        Row of the tag.
    weights : TagVariantRow
        The weights.
    """
    found = session.merge(tag)
    session.flush()
    session.merge(weights)
    session.flush()
    return found


def point(
    session: Session, tag: TagRow, weights: TagVariantRow, *, replace_best: bool
) -> TagVariantRow | None:
    """Let a name point at weights that a job has made.

    What it pointed at of other jobs is let go when the job's own comes, all of it with its
    ``last``, and at once where their scores cannot be compared. A ``best`` that scored better on
    the same samples stays, unless `replace_best`.

    Parameters
    ----------
    session : Session
        Database session.
    tag : TagRow
        Row of the name.
    weights : TagVariantRow
        The weights.
    replace_best : bool
        Whether better weights of another job are let go, too.

    Returns
    -------
    TagVariantRow or None
        The best weights of another job that stay.
    """
    before = session.get(TagRow, (tag.network, tag.tag))
    same_network = before is not None and before.network_digest == tag.network_digest
    stays = None
    for old in variants(session, tag.network, tag.tag):
        if old.job == weights.job:
            continue
        comparable = same_network and _measures_the_same(session, old, weights)
        if old.variant == BEST and not replace_best and comparable:
            stays = None if _is_beaten(session, old, weights) else old
            gone = stays is None
        else:
            gone = not comparable or weights.variant == LAST
        if gone:
            session.delete(old)
    session.flush()
    if stays is not None and weights.variant == BEST:
        session.merge(tag)
        session.flush()
    else:
        keep(session, tag, weights)
    return stays


def _measures_the_same(session: Session, old: TagVariantRow, new: TagVariantRow) -> bool:
    """Return whether what weights of two jobs scored can be compared."""
    known = old.scored_on or scored_on(session, old.job)
    return known is not None and known == new.scored_on


def _is_beaten(session: Session, old: TagVariantRow, new: TagVariantRow) -> bool:
    """Return whether the job of new weights has better ones than the best of another job."""
    score = old.scores.get(BEST_BY)
    if score is None:
        return True
    own = session.get(TagVariantRow, (new.network, new.job, BEST))
    best = None if own is None else own.scores.get(BEST_BY)
    # Of equals the newer, as within one job.
    return best is not None and math.isfinite(best) and best <= score


def variants(session: Session, network: str, tag: str) -> list[TagVariantRow]:
    """Return the weights under a tag, by name.

    Parameters
    ----------
    session : Session
        Database session.
    network : str
        Name of the network.
    tag : str
        Name of the weights.
    """
    query = select(TagVariantRow).where(TagVariantRow.network == network, TagVariantRow.tag == tag)
    return list(session.scalars(query.order_by(TagVariantRow.variant)))


def duplicate(session: Session, network: str, copy: str) -> None:
    """Write all tags of a network again, for another one.

    Parameters
    ----------
    session : Session
        Database session.
    network : str
        Name of the network.
    copy : str
        Name of the other network.

    Raises
    ------
    ConflictError
        If that has some already.
    """
    if session.scalar(select(TagRow.tag).where(TagRow.network == copy).limit(1)):
        raise ConflictError(
            f"Weights of an earlier network {copy!r} are still there; delete them first, or choose "
            "another name."
        )
    tags = session.scalars(select(TagRow).where(TagRow.network == network))
    session.add_all([copied(row, network=copy) for row in tags])
    session.flush()
    kept = session.scalars(select(TagVariantRow).where(TagVariantRow.network == network))
    session.add_all([copied(row, network=copy) for row in kept])
    session.flush()


def rename(session: Session, row: TagRow, new: str) -> None:
    """Write a tag under another name instead.

    Parameters
    ----------
    session : Session
        Database session.
    row : TagRow
        Row of the tag.
    new : str
        Its new name.
    """
    kept = session.scalars(
        select(TagVariantRow).where(
            TagVariantRow.network == row.network, TagVariantRow.tag == row.tag
        )
    ).all()
    session.add(copied(row, tag=new))
    session.flush()
    session.add_all([copied(item, tag=new) for item in kept])
    session.delete(row)
    session.flush()


def copied(row: R, **changed: Any) -> R:
    """Return a new row that is like another one but for some columns.

    Parameters
    ----------
    row : row
        The row to copy.
    **changed
        Columns that differ.
    """
    columns = {item.key: getattr(row, item.key) for item in row.__table__.columns}
    return type(row)(**{**columns, **changed})


def record_of(row: TagRow, kept: Sequence[TagVariantRow]) -> TagRecord:
    """Return a tag as the API shows it.

    Parameters
    ----------
    row : TagRow
        Row of the tag.
    kept : sequence of TagVariantRow
        Rows of its variants.
    """
    return TagRecord(
        network=row.network,
        tag=row.tag,
        job=row.job,
        dataset=row.dataset,
        network_digest=row.network_digest,
        input_shape=row.input_shape,
        outputs=row.outputs,
        origin=TagOrigin.model_validate(row.origin or {}),
        variants=[
            TagVariant(
                variant=item.variant,
                digest=item.digest,
                bytes=item.bytes,
                step=item.step,
                scores=item.scores,
                job=item.job,
            )
            for item in kept
        ],
        updated_at=row.updated_at,
    )


def origin_of(session: Session, job: str | None, torch: str | None) -> TagOrigin:
    """Return the known origin of weights made by a job.

    Parameters
    ----------
    session : Session
        Database session.
    job : str or None
        Id of the job; None for weights of no job.
    torch : str or None
        Version of torch that wrote them.
    """
    row = None if job is None else session.get(JobRow, job)
    options = {} if row is None else dict(row.options)
    return TagOrigin(torch=torch, seed=options.get("seed"), options=options)


def best_of_another(session: Session, network: str, tag: str, job: str) -> TagVariantRow | None:
    """Return the best weights of a tag where they are of another job than the one that wrote.

    Parameters
    ----------
    session : Session
        Database session.
    network : str
        Name of the network.
    tag : str
        Name of the weights.
    job : str
        Id of the job that wrote.
    """
    best = session.get(TagVariantRow, (network, tag, BEST))
    is_another = best is not None and best.job not in (None, job) and BEST_BY in best.scores
    return best if is_another else None


def promoted(
    session: Session, network: str, tag: str, digest: str, scores: Mapping[str, float | None]
) -> TagRow | None:
    """Let weights be the ``best`` of the tag that they are under; see `TagRepository.promote`.

    Parameters
    ----------
    session : Session
        Database session.
    network : str
        Name of the network.
    tag : str
        Name of the weights.
    digest : str
        Digest of the weights.
    scores : mapping of str to float or None
        What decides that they are better.
    """
    row = session.get(TagRow, (network, tag))
    source = next((item for item in variants(session, network, tag) if item.digest == digest), None)
    if row is None or source is None:
        return None
    target = row
    if row.tag == row.job:
        # What a job calls its best stays so; the choice of an evaluation has a name of its own.
        target = copied(row, tag=BEST)
    best = copied(source, tag=target.tag, variant=BEST, scores={**source.scores, **scores})
    if target is not row:
        for old in variants(session, network, BEST):
            if old.job != source.job:
                session.delete(old)
        session.flush()
    return keep(session, target, best)
