"""Option schemas as they are served."""

from __future__ import annotations

from jupyter_platform.core.errors import NotFoundError, unknown_name
from jupyter_platform.core.jobs import OptionText, ResourceRequest
from jupyter_platform.core.kinds import DefaultRequest, KindSummary, kinds
from jupyter_platform.core.options import OPTION_MODELS, OptionSchema, option_schema
from jupyter_platform.core.states import JobType
from jupyter_platform.core.words import parse_text


def offered_kinds() -> list[KindSummary]:
    """Return the kinds of jobs that can be submitted."""
    return [
        KindSummary(
            name=kind.name,
            title=kind.title,
            help=kind.help,
            role=kind.role,
            takes=kind.takes,
            samples=kind.samples,
            label=kind.label or kind.name,
            request=DefaultRequest(**ResourceRequest(gpus=kind.gpus).model_dump()),
        )
        for kind in kinds().values()
    ]


def offered_types() -> list[JobType]:
    """Return the kinds of jobs that have options and can be submitted, by name."""
    return list(OPTION_MODELS)


def schema_of(type: str) -> OptionSchema:
    """Return the JSON schema of the options of a job type, in any case of letters.

    Raises
    ------
    NotFoundError
        If the type is not offered; the nearest is named.
    """
    for known, model in OPTION_MODELS.items():
        if str(known) == type.upper():
            return option_schema(model)
    error = unknown_name("type", type, offered_types())
    raise NotFoundError(error.message, errors=[error])


def read_text(text: str) -> OptionText:
    """Return the options in a text, as every surface reads it; what is wrong stands beside."""
    found = parse_text(text)
    return OptionText(options=found.options, errors=found.errors)
