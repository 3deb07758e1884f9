"""Which samples the sets of a job have, as far as that is known without its data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_platform.core.datasets import DatasetFacts, Part
from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.core.states import JobType
from jupyter_platform.core.units import format_count

SETS: dict[JobType, dict[str, Part]] = {
    JobType.LEARN: {"train_set": "train", "validation_set": "validation", "test_set": "test"},
    JobType.EVALUATE: {"test_set": "test"},
}
"""The sets that each type reads, and the part that stands in for each."""


def missing_part(name: str, part: Part, parts: Iterable[Part]) -> InvalidDataError:
    """Return the error that a dataset does not have the part that is to be evaluated on.

    Parameters
    ----------
    name : str
        The dataset.
    parts : iterable of str
        Those that it has.
    """
    known = ", ".join(parts)
    message = f"Dataset {name!r} has no {part} part; it has {known}. Give part or test_set."
    field = FieldError(field="part", value=part, message=message, accepted=known)
    return InvalidDataError(message, errors=[field])


def shared_samples(facts: DatasetFacts, options: Mapping[str, Any]) -> list[str]:
    """Return what to say of samples of a LEARN job that judge a network and that it learns.

    Parameters
    ----------
    facts : DatasetFacts
        What is known of the dataset.
    options : mapping of str to object
        Options of the job by name.
    """
    found: list[str] = []
    for option, part in (("validation_set", "validation"), ("test_set", "test")):
        if options.get("train_set") is None or (options.get(option) is None and part != "test"):
            continue  # samples of a set that is given are in no part that stands in for another
        learned, judged = (_set_of(item, facts, options) for item in ("train_set", option))
        count, first = _shared(learned, judged)
        held_out = facts.parts.get("test") if options.get(option) is None else None
        if count and (held_out is None or held_out.is_range):
            found.append(
                f"train_set and {option} share {format_count(count, 'sample')}, the first is "
                f"{first}: scores on samples that were learned say little of new ones."
            )
        elif count and held_out is not None:
            found.append(
                f"train_set takes in samples of the test part, up to {min(count, held_out.size)}: "
                "an EVALUATE on it will say how many."
            )
    return found


def _shared(one: range | frozenset[int], other: range | frozenset[int]) -> tuple[int, int]:
    """Return how many samples two sets share, and the first; ranges may be very long."""
    if isinstance(one, range) and isinstance(other, range):
        start, stop = max(one.start, other.start), min(one.stop, other.stop)
        return max(stop - start, 0), start
    few, rest = (other, one) if isinstance(one, range) else (one, other)
    both = [item for item in few if item in rest]
    return len(both), min(both, default=0)


def _set_of(option: str, facts: DatasetFacts, options: Mapping[str, Any]) -> range | frozenset[int]:
    """Return the samples of a set of a LEARN job."""
    found = options.get(option)
    if found is not None:
        return range(*found) if len(found) == 2 else frozenset(found)
    part = facts.parts.get(SETS[JobType.LEARN][option])
    return range(0) if part is None else range(part.start, part.stop)
