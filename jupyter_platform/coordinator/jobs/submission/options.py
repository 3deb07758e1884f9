"""The options of a submission: what was written, what is used, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_platform.core.jobs import JobSubmission
from jupyter_platform.core.options import LearnOptions, OptionModel, resolve_options
from jupyter_platform.core.options.dianne_defaults import (
    differing,
    is_of_dianne,
    note_on_defaults,
)
from jupyter_platform.core.options.notes import notes_on_options
from jupyter_platform.core.states import JobType


@dataclass(frozen=True)
class ChosenOptions:
    """Options that are valid by themselves."""

    options: OptionModel
    given: dict[str, Any]
    """In our spelling."""
    dianne_defaults: dict[str, Any]
    """DIANNE's defaults that are not taken and differ, of options written for DIANNE."""
    notes: list[str]


def choose_options(
    job_type: JobType, submission: JobSubmission, defaults: Mapping[str, Any], ranks: int
) -> ChosenOptions:
    """Return the options that a submission asks for.

    Parameters
    ----------
    job_type : JobType
        Of the submission.
    submission : JobSubmission
        Without DIANNE's keys for its own fields.
    defaults : mapping
        Of its network and its dataset.
    ranks : int
        Processes of the job.

    Raises
    ------
    OptionError
        Naming each option that is unknown or out of range.
    """
    written = submission.options
    options, given = resolve_options(job_type, written, dict(defaults))
    left: dict[str, Any] = {}
    if submission.dianne_defaults:
        given = {**differing(options, given, ranks), **given}
        options, given = resolve_options(job_type, given, dict(defaults))
    elif is_of_dianne(type(options), written):
        left = differing(options, given, ranks)
    notes = notes_on_options(options, written, given, ranks)
    if left:
        notes.append(note_on_defaults(options, left))
    return ChosenOptions(options, given, left, notes)


def used_options(options: OptionModel, answer: Mapping[str, Any], ranks: int) -> dict[str, Any]:
    """Return the options whose value the data or other options decide, as they are used.

    Parameters
    ----------
    options : OptionModel
        Of the job.
    answer : mapping
        Of the check: ``used``, and the samples of each set in ``sizes``.
    ranks : int
        Processes of the job.
    """
    used: dict[str, Any] = dict(answer.get("used") or {})
    if not isinstance(options, LearnOptions):
        return used
    used["learning_rate"] = options.effective_learning_rate
    if options.effective_smoothing is not None and options.applies("smoothing"):
        used["smoothing"] = options.effective_smoothing
    samples = (answer.get("sizes") or {}).get("train_set")
    if samples and options.applies("epochs"):
        used["batch_size"] = min(options.batch_size, samples)
        used["max_iterations"] = options.updates(samples, ranks)
    return used
