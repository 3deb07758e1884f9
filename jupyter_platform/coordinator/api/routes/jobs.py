"""Jobs: submit, look, stop, delete, and read what they left."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform.coordinator.api.bounds import Count, Number
from jupyter_platform.coordinator.api.responses import PlatformJSONResponse
from jupyter_platform.coordinator.api.services import PrincipalOf, ServicesOf
from jupyter_platform.coordinator.jobs.curves import MAX_BUCKETS, Window
from jupyter_platform.coordinator.jobs.deletion import MAX_UNDO_S, UNDO_S
from jupyter_platform.core.catalogue import JobWeights
from jupyter_platform.core.jobs import (
    JobBatch,
    JobChange,
    JobCheck,
    JobFileRecord,
    JobPage,
    JobRecord,
    JobSubmission,
    JobSubmissions,
    LogChunk,
    MetricsRecord,
)

router = APIRouter(prefix="/jobs", tags=["jobs"])

IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]


class JobQuery(BaseModel):
    """Which jobs to list."""

    model_config = ConfigDict(extra="forbid")

    state: str | None = Field(default=None, description="States, comma-separated.")
    type: str | None = None
    search: str | None = Field(default=None, max_length=300)
    ids: str | None = Field(default=None, description="Ids, comma-separated.")
    name: str | None = None
    sweep: str | None = None
    limit: int = Field(default=100, ge=1, le=1000)
    offset: Count = 0
    order: Literal["newest", "oldest"] = "newest"


class MetricsQuery(BaseModel):
    """Which part of which curves, and how finely."""

    model_config = ConfigDict(extra="forbid")

    series: list[str] | None = Field(
        default=None, description="Names, comma-separated or one by one; default: all."
    )
    buckets: int = Field(default=2000, ge=1, le=MAX_BUCKETS)
    start: Number | None = Field(default=None, description="First step.")
    stop: Number | None = Field(default=None, description="Step behind the last.")


class LogQuery(BaseModel):
    """Which part of a log."""

    model_config = ConfigDict(extra="forbid")

    offset: Number = Field(default=0, description="Byte to begin at; negative: from the end.")
    limit: int = Field(default=256_000, ge=1, le=4_000_000, description="Bytes at most.")
    rank: Count = Field(default=0, description="Process of a gang.")


class DeletionQuery(BaseModel):
    """How a job is deleted."""

    model_config = ConfigDict(extra="forbid")

    undo_s: float = Field(
        default=UNDO_S,
        ge=0,
        le=MAX_UNDO_S,
        description="Seconds for which it can be restored; 0 removes it at once.",
    )


@router.post("", status_code=201, response_model=JobRecord)
async def submit(
    submission: JobSubmission,
    services: ServicesOf,
    principal: PrincipalOf,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Put a job into the queue; it is on disk when this answers."""
    job = await services.jobs.submit(principal, submission, idempotency_key=idempotency_key)
    headers = {"Location": f"/api/jobs/{job.id}"}
    return PlatformJSONResponse(job, status_code=201, headers=headers)


@router.post("/batch", status_code=201, response_model=JobBatch)
async def submit_all(
    batch: JobSubmissions,
    services: ServicesOf,
    principal: PrincipalOf,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Put jobs into the queue, or none of them; they are on disk when this answers."""
    jobs = await services.jobs.submit_all(principal, batch.jobs, idempotency_key=idempotency_key)
    return PlatformJSONResponse(JobBatch(jobs=jobs), status_code=201)


@router.post("/check")
async def check(
    submission: JobSubmission, services: ServicesOf, principal: PrincipalOf
) -> JobCheck:
    """Check a submission without storing anything."""
    return await services.jobs.check(principal, submission)


@router.get("", response_model=JobPage)
async def page(
    services: ServicesOf, principal: PrincipalOf, query: Annotated[JobQuery, Query()]
) -> Response:
    """Return a page of jobs."""
    # Records that were validated once: a long page is not gone through again.
    return PlatformJSONResponse(await services.jobs.list(principal, **query.model_dump()))


@router.get("/{job}")
async def get(job: str, services: ServicesOf, principal: PrincipalOf) -> JobRecord:
    """Return a job with its result; a unique prefix of its id will do."""
    return await services.jobs.get(principal, job)


@router.post("/{job}/stop")
async def stop(job: str, services: ServicesOf, principal: PrincipalOf) -> JobRecord:
    """Let a job end with a checkpoint; one that waits is cancelled."""
    return await services.jobs.stop(principal, job)


@router.patch("/{job}")
async def change(
    job: str, change: JobChange, services: ServicesOf, principal: PrincipalOf
) -> JobRecord:
    """Change the name of a job, or what is noted about it."""
    return await services.jobs.change(principal, job, change)


@router.delete("/{job}", status_code=204)
async def delete(
    job: str, services: ServicesOf, principal: PrincipalOf, query: Annotated[DeletionQuery, Query()]
) -> None:
    """Delete an ended job; its weights stay, and it can be restored for a minute."""
    await services.deletion.delete(principal, job, query.undo_s)


@router.post("/{job}/restore")
async def restore(job: str, services: ServicesOf, principal: PrincipalOf) -> JobRecord:
    """Restore a job that was deleted less than a minute ago."""
    return await services.jobs.get(principal, await services.deletion.restore(principal, job))


@router.get("/{job}/metrics", response_model=MetricsRecord)
async def metrics(
    job: str, services: ServicesOf, principal: PrincipalOf, query: Annotated[MetricsQuery, Query()]
) -> Response:
    """Return curves, thinned to buckets with exact extremes."""
    window = Window(query.buckets, query.start, query.stop)
    content = await services.files.metrics(principal, job, query.series, window)
    return Response(content, media_type="application/json")


@router.get("/{job}/metrics/{series:path}.rec", response_class=StreamingResponse)
async def records(
    job: str, series: str, services: ServicesOf, principal: PrincipalOf
) -> StreamingResponse:
    """Return all points of a series: step (int64), Unix time and value (float64) each."""
    content = await services.files.records(principal, job, series)
    return StreamingResponse(content, media_type="application/octet-stream")


@router.get("/{job}/log")
async def log(
    job: str, services: ServicesOf, principal: PrincipalOf, query: Annotated[LogQuery, Query()]
) -> LogChunk:
    """Return a piece of what a job printed."""
    record = await services.jobs.get(principal, job)
    return await services.files.log(principal, record, query.offset, query.limit, query.rank)


@router.get("/{job}/files")
async def files(job: str, services: ServicesOf, principal: PrincipalOf) -> list[JobFileRecord]:
    """Return the files that a job has made for people."""
    return await services.files.files(principal, job)


@router.get("/{job}/files/{name:path}", response_class=FileResponse)
async def file(job: str, name: str, services: ServicesOf, principal: PrincipalOf) -> FileResponse:
    """Return one of them."""
    path = await services.files.file(principal, job, name)
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


@router.get("/{job}/weights")
async def weights(job: str, services: ServicesOf, principal: PrincipalOf) -> list[JobWeights]:
    """Return the weights made by a LEARN, or used by an EVALUATE or ACT."""
    return await services.job_weights.records(principal, job)


@router.get("/{job}/weights/{network}/{variant}", response_class=FileResponse)
async def weights_file(
    job: str, network: str, variant: str, services: ServicesOf, principal: PrincipalOf
) -> FileResponse:
    """Return them as a safetensors file."""
    found, path = await services.job_weights.file(principal, job, network, variant)
    return FileResponse(
        path,
        media_type="application/octet-stream",
        filename=f"{found.network}-{found.job or job}-{found.variant}.safetensors",
        headers={"X-Content-Digest": f"sha256:{found.digest}"},
    )


@router.get("/{job}/archive", response_class=StreamingResponse)
async def archive(job: str, services: ServicesOf, principal: PrincipalOf) -> StreamingResponse:
    """Return a zip file of specification, result, curves and log."""
    record = await services.jobs.get(principal, job)
    content = await services.files.archive(principal, record)
    headers = {"Content-Disposition": f'attachment; filename="job-{record.id}.zip"'}
    return StreamingResponse(content, media_type="application/zip", headers=headers)
