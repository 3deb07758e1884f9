"""Options of each job type, as schemas."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform.coordinator.api.responses import PlatformJSONResponse
from jupyter_platform.coordinator.jobs.option_schemas import (
    offered_kinds,
    offered_types,
    read_text,
    schema_of,
)
from jupyter_platform.core.jobs import MAX_OPTIONS_BYTES, OptionText
from jupyter_platform.core.kinds import KindSummary
from jupyter_platform.core.options import OptionSchema
from jupyter_platform.core.states import JobType

router = APIRouter(prefix="/options", tags=["options"])


@router.get("")
async def types() -> list[JobType]:
    """Return the job types that are offered."""
    return offered_types()


@router.get("/kinds")
async def kinds() -> list[KindSummary]:
    """Return the kinds of jobs with their titles and roles."""
    return offered_kinds()


class TextRequest(BaseModel):
    """Options as written by a user."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=MAX_OPTIONS_BYTES)


@router.post("/read")
async def read(request: TextRequest) -> OptionText:
    """Return the options in a text of ``key=value`` words, and what is wrong with the rest."""
    return read_text(request.text)


@router.get("/{type}", response_model=OptionSchema)
async def schema(type: str) -> Response:
    """Return the JSON schema of the options of a job type."""
    return PlatformJSONResponse(schema_of(type))
