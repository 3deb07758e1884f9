"""Networks and their weights."""

from __future__ import annotations

import shutil
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from jupyter_platform.coordinator.api.routes.datasets import UPLOAD_BODY
from jupyter_platform.coordinator.api.services import ServicesOf
from jupyter_platform.coordinator.repository import NetworkUpload
from jupyter_platform.coordinator.repository.networks.exchange import SHAPE_PATTERN, parse_shape
from jupyter_platform.core.benchmarks import Benchmark, BenchmarkRequest
from jupyter_platform.core.catalogue import NetworkImport, NetworkRecord, TagRecord
from jupyter_platform.core.drafts import DraftRecord, DraftRequest
from jupyter_platform.core.generations import Generation, GenerationRequest
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.predictions import Prediction, PredictionRequest, PreparationRecord

router = APIRouter(prefix="/networks", tags=["networks"])


class RenameRequest(BaseModel):
    """The new name of a network or a tag."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=300)


class CopyRequest(RenameRequest):
    """The name of a copy, and whether it has weights."""

    weights: bool = True


@router.get("")
async def networks(services: ServicesOf) -> list[NetworkRecord]:
    """Return all networks by name."""
    return await services.networks.records()


@router.post("/check")
async def check(request: DraftRequest, services: ServicesOf) -> DraftRecord:
    """Look at a network without storing it: layers, shapes, and what does not fit."""
    return await services.drafts.check(request)


@router.post("/import", status_code=201, openapi_extra=UPLOAD_BODY)
async def bring(
    request: Request,
    services: ServicesOf,
    upload: Annotated[NetworkUpload, Query()],
    content_length: Annotated[int | None, Header(ge=0, include_in_schema=False)] = None,
) -> NetworkImport:
    """Add a network from a file: an archive, DIANNE's, ONNX, a description or bare weights."""
    return await services.exchange.bring(request.stream(), upload, content_length)


@router.get("/{name}")
async def network(name: str, services: ServicesOf) -> NetworkRecord:
    """Return a network with its layers, parameters and tags."""
    return await services.networks.record(name)


@router.put("/{name}")
async def put(
    name: str,
    description: NetworkDescription,
    services: ServicesOf,
    code: bool = False,
    replace: bool = False,
) -> NetworkRecord:
    """Add a network, or replace one of other content; `code`: its Python source may be run."""
    return await services.networks.put(name, description, code=code, replace=replace)


@router.delete("/{name}", status_code=204)
async def delete(name: str, services: ServicesOf, weights: bool = False) -> None:
    """Remove an added network, with its weights or without."""
    await services.networks.delete(name, weights=weights)


@router.post("/{name}/copy", status_code=201)
async def copy(name: str, wanted: CopyRequest, services: ServicesOf) -> NetworkRecord:
    """Add a network that is like another one."""
    return await services.networks.copy(name, wanted.name, weights=wanted.weights)


@router.post("/{name}/rename")
async def rename(name: str, wanted: RenameRequest, services: ServicesOf) -> NetworkRecord:
    """Rename an added network."""
    return await services.networks.rename(name, wanted.name)


@router.get("/{name}/archive", response_class=StreamingResponse)
async def archive(name: str, services: ServicesOf, tags: str | None = None) -> StreamingResponse:
    """Return a zip file of description and weights; `tags` are comma-separated, default: all."""
    chosen = None if tags is None else [tag for tag in tags.split(",") if tag]
    record, content = await services.exchange.archive(name, chosen)
    file_name = f"{record.description.name}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return StreamingResponse(content, media_type="application/zip", headers=headers)


@router.get("/{name}/onnx", response_class=FileResponse)
async def onnx(
    name: str,
    services: ServicesOf,
    tag: str | None = None,
    input_shape: Annotated[str | None, Query(pattern=SHAPE_PATTERN)] = None,
) -> FileResponse:
    """Return network and weights as an ONNX file."""
    shape = None if input_shape is None else parse_shape(input_shape)
    file, called = await services.exchange.onnx(name, tag, shape)
    return FileResponse(
        file,
        media_type="application/octet-stream",
        filename=called,
        background=BackgroundTask(shutil.rmtree, file.parent),
    )


@router.delete("/{name}/weights/{tag}", status_code=204)
async def delete_weights(name: str, tag: str, services: ServicesOf) -> None:
    """Forget weights."""
    await services.tags.delete(name, tag)


@router.post("/{name}/weights/{tag}/rename")
async def rename_weights(
    name: str, tag: str, wanted: RenameRequest, services: ServicesOf
) -> TagRecord:
    """Give weights another name."""
    return await services.tags.rename(name, tag, wanted.name)


@router.post("/{name}/predict")
async def predict(name: str, request: PredictionRequest, services: ServicesOf) -> Prediction:
    """Return a trained network's outputs for arrays, image files or samples of a dataset."""
    return await services.predictions.predict(name, request)


@router.get("/{name}/preparation")
async def preparation(name: str, services: ServicesOf, tag: str | None = None) -> PreparationRecord:
    """Return how samples are prepared for a network with some of its weights."""
    return await services.predictions.preparation(name, tag)


@router.post("/{name}/generate")
async def generate(name: str, request: GenerationRequest, services: ServicesOf) -> Generation:
    """Return samples or text that a trained network makes."""
    return await services.generations.generate(name, request)


@router.post("/{name}/benchmark")
async def benchmark(name: str, request: BenchmarkRequest, services: ServicesOf) -> Benchmark:
    """Return the time that a network with fresh weights takes for a batch on a host."""
    return await services.benchmarks.measure(name, request)


@router.get("/{name}/weights/{tag}", response_class=FileResponse)
@router.get("/{name}/weights/{tag}/{variant}", response_class=FileResponse)
async def weights(
    name: str, tag: str, services: ServicesOf, variant: str | None = None
) -> FileResponse:
    """Return weights as a safetensors file; without a variant ``best``, else ``last``."""
    found = await services.tags.resolve(name, f"{tag}/{variant}" if variant else tag)
    return FileResponse(
        services.tags.path(found.variant),
        media_type="application/octet-stream",
        filename=f"{name}-{found.record.tag}-{found.variant.variant}.safetensors",
        headers={"X-Content-Digest": f"sha256:{found.variant.digest}"},
    )
