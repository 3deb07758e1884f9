"""Which hosts a job may use, and how many processes it has: as people say it, and as it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jupyter_platform.coordinator.hosts.filters import FilterError, parse_filter
from jupyter_platform.coordinator.hosts.offers import HostOffer
from jupyter_platform.coordinator.workloads.host_choice import HostChoice
from jupyter_platform.core.errors import FieldError, InvalidRequestError, unknown_name
from jupyter_platform.core.jobs import JobSubmission
from jupyter_platform.core.units import format_count


def choose_hosts(submission: JobSubmission, offers: Iterable[HostOffer]) -> tuple[HostChoice, int]:
    """Check what a submission says of hosts; return it with the number of processes.

    Where targets are named and no number is given there is one process on each of them, as in
    DIANNE.

    Parameters
    ----------
    submission : JobSubmission
        What was sent.
    offers : iterable of HostOffer
        Hosts with what they offer.

    Raises
    ------
    InvalidRequestError
        If a target is not known, the filter is none, or the targets are too few.
    """
    targets = tuple(dict.fromkeys(item.strip() for item in submission.targets if item.strip()))
    names = {offer.name: offer.attributes.get("id", ()) for offer in offers}
    known = {*names, *(item for ids in names.values() for item in ids)}
    for target in targets:
        if target not in known:
            error = unknown_name("host", target, names)
            error = error.model_copy(update={"field": "targets"})
            raise InvalidRequestError(error.message, errors=[error])
    count = submission.target_count or len(targets) or 1
    if targets and count > len(targets):
        raise _refused(
            "target_count",
            count,
            f"target_count = {count} is more than {format_count(len(targets), 'target')}; each has "
            "one process at most.",
            f"1 to {len(targets)}",
        )
    text = (submission.target_filter or "").strip()
    if text:
        try:
            parse_filter(text)
        except FilterError as error:
            message = f"target_filter = {text!r} is not accepted: {error}."
            raise _refused(
                "target_filter", text, message, "a filter such as (&(arch=x86_64)(memory>=16GB))"
            ) from error
    choice = HostChoice(targets=targets, target_filter=text, force_free=submission.force_free)
    return choice, count


def keep_at_home(choice: HostChoice, offers: Iterable[HostOffer]) -> HostChoice:
    """Return the choice of a job that uses a pool: only hosts of the coordinator's machine.

    Parameters
    ----------
    choice : HostChoice
        What was said of its hosts.
    offers : iterable of HostOffer
        Hosts with what they offer.

    Raises
    ------
    InvalidRequestError
        If hosts are named and all of them are elsewhere.
    """
    offers = list(offers)
    wanted = set(choice.targets)
    named = [item for item in offers if {item.name, *item.attributes.get("id", ())} & wanted]
    home = ", ".join(item.name for item in offers if item.at_home) or "none is up"
    if named and not any(item.at_home for item in named):
        message = (
            f"targets = {', '.join(choice.targets)}: pools of experience lie on the coordinator's "
            f"machine, and jobs that use one run on hosts there: {home}."
        )
        raise _refused("targets", list(choice.targets), message, home)
    return choice.model_copy(update={"at_home": True})


def _refused(field: str, value: Any, message: str, accepted: str) -> InvalidRequestError:
    error = FieldError(field=field, value=value, message=message, accepted=accepted)
    return InvalidRequestError(message, errors=[error])
