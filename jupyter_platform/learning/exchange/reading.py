"""From a file that somebody brings to a network of the repository."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.exchange import (
    ACCEPTED_FILES,
    IMPORTED,
    ONNX_SUFFIX,
    ImportAnswer,
    ImportKind,
    ImportRequest,
    WeightsFile,
    as_asked,
    describes_network,
    parse_description,
)
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.learning.exchange.archive import DESCRIPTION, read_archive
from jupyter_platform.learning.exchange.dianne.files import MODULES
from jupyter_platform.learning.exchange.dianne.reading import read_text, read_zip
from jupyter_platform.learning.exchange.imported import facts_of, settle, write_state
from jupyter_platform.learning.exchange.loose_json import parse_loose
from jupyter_platform.learning.exchange.zips import SafeZip
from jupyter_platform.learning.networks import network_facts
from jupyter_platform.learning.networks.trained import LearntFor, learnt_for
from jupyter_platform.learning.networks.weights import read_weights

_HEADER = 8
"""Bytes at the beginning of a safetensors file that say how long its JSON is."""


def read(request: ImportRequest) -> ImportAnswer:
    """Read a file; weights go as safetensors files into the folder of the request.

    Raises
    ------
    InvalidDataError
        If it is none of what is accepted, or what it holds cannot be used.
    """
    path = Path(request.file)
    kind = request.kind or _kind(path)
    if kind in ("archive", "dianne") and _begins_with(path, b"PK"):
        with SafeZip(path) as archive:
            if kind == "archive":
                return read_archive(archive, request)
            return settle(read_zip(archive, request), request)
    if kind == "dianne":
        return settle(read_text(path, request), request)
    if kind == "description":
        return _read_description(path, request)
    if kind == "safetensors":
        return _read_weights(path, request)
    if kind == "onnx":
        # Nobody but those who bring such a file pays for the import, or needs the package.
        from jupyter_platform.learning.exchange.onnx.reading import (  # noqa: PLC0415
            read_onnx,
            read_zipped_onnx,
        )

        if not _begins_with(path, b"PK"):
            return settle(read_onnx(path, request), request)
        with SafeZip(path) as archive:
            return settle(read_zipped_onnx(archive, request), request)
    raise InvalidDataError("The file is no archive; a zip file is expected.")


def _kind(path: Path) -> ImportKind:
    if _begins_with(path, b"PK"):
        return _kind_of_zip(path)
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        raise InvalidDataError(f"The file is empty; accepted: {ACCEPTED_FILES}.")
    if start[:1] == b"\x80":
        raise _pickled()
    length = int.from_bytes(start[:_HEADER], "little")
    if start[_HEADER : _HEADER + 1] == b"{" and length < path.stat().st_size:
        return "safetensors"
    kind = _kind_of_json(path) if _is_text(start) else None
    if kind is not None:
        return kind
    if start[:1] == b"\x08":
        return "onnx"
    raise InvalidDataError(f"The file is nothing that is known here; accepted: {ACCEPTED_FILES}.")


def _kind_of_zip(path: Path) -> ImportKind:
    with SafeZip(path) as archive:
        names = archive.names
    if DESCRIPTION in names:
        return "archive"
    if any(PurePosixPath(name).name == MODULES for name in names):
        return "dianne"
    if any(name.endswith(ONNX_SUFFIX) for name in names):
        return "onnx"
    if any(PurePosixPath(name).name == "data.pkl" for name in names):
        raise _pickled()
    raise InvalidDataError(
        f"The zip file holds no {DESCRIPTION}, {MODULES} or {ONNX_SUFFIX} file; accepted: "
        f"{ACCEPTED_FILES}."
    )


def _is_text(start: bytes) -> bool:
    """Return whether this could begin JSON, or a comment before it."""
    text = start.decode(json.detect_encoding(start), "replace").lstrip("\ufeff \t\r\n")
    return text.startswith(("{", "//", "/*", "#"))


def _kind_of_json(path: Path) -> ImportKind | None:
    try:
        content = parse_loose(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InvalidDataError(f"The file is no JSON: {error}.") from error
    if describes_network(content):
        return "description"
    modules = content.get("modules", content) if isinstance(content, dict) else None
    is_dianne = isinstance(modules, dict) and any(isinstance(x, dict) for x in modules.values())
    return "dianne" if is_dianne else None


def _pickled() -> InvalidDataError:
    return InvalidDataError(
        "The file is a pickle, which could run anything; it is not opened. Save the state dict "
        "with safetensors.torch.save_file instead."
    )


def _begins_with(path: Path, wanted: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(wanted)) == wanted


def _read_description(path: Path, request: ImportRequest) -> ImportAnswer:
    parsed = parse_description(path.read_bytes(), request.file_name or "The file")
    description = as_asked(parsed, request)
    facts = facts_of(description, in_memory=False)
    return ImportAnswer(kind="description", description=description, facts=facts)


def _read_weights(path: Path, request: ImportRequest) -> ImportAnswer:
    description = request.network
    if description is None:
        raise InvalidDataError(
            "The file holds weights alone; name the network that they belong to (network)."
        )
    known = _learnt_for(path, description, request)
    state = read_weights(path)
    target = Path(request.folder) / "0.safetensors"
    broken = write_state(target, description, state, known)
    facts = network_facts(
        description, known.input_shape, known.outputs, known.output_shape, device="cpu"
    )
    weights = WeightsFile(
        tag=request.tag or IMPORTED,
        file=str(target),
        input_shape=list(known.input_shape) if known.input_shape else None,
        outputs=known.outputs,
    )
    warnings = [f"{broken} is not finite."] if broken else []
    return ImportAnswer(
        kind="safetensors",
        description=description,
        facts=facts,
        weights=[weights],
        warnings=warnings,
    )


def _learnt_for(path: Path, description: NetworkDescription, request: ImportRequest) -> LearntFor:
    told = learnt_for(path)
    return LearntFor(
        input_shape=request.input_shape or told.input_shape or description.input_shape,
        outputs=request.outputs or told.outputs or description.outputs,
        output_shape=told.output_shape,
        preparation=told.preparation,
    )
