"""A network of DIANNE: its modules, and each set of weights that came with them."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.exchange import IMPORTED, ImportRequest
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.exchange.dianne.files import (
    MODULES,
    parse_modules,
    parse_weights,
    sort_by_tag,
)
from jupyter_platform.learning.exchange.dianne.graph import Converted, convert
from jupyter_platform.learning.exchange.imported import Array, Imported, WeightsOf, network_name
from jupyter_platform.learning.exchange.zips import SafeZip


def read_text(path: Path, request: ImportRequest) -> Imported:
    """Read ``modules.txt`` alone, which has no weights.

    Raises
    ------
    InvalidDataError
        If it cannot be used; the module and its key are named.
    """
    return _imported(path.read_bytes(), request, Path(request.file_name).stem)[0]


def read_zip(archive: SafeZip, request: ImportRequest) -> Imported:
    """Read a zip file with ``modules.txt`` and weights beside it, or in a folder beside it.

    Raises
    ------
    InvalidDataError
        If it cannot be used; the module, its key or the weights file are named.
    """
    texts = [name for name in archive.names if PurePosixPath(name).name == MODULES]
    if len(texts) != 1:
        raise InvalidDataError(
            f"The zip file holds {len(texts)} files called {MODULES}; it must hold one network."
        )
    folder = PurePosixPath(texts[0]).parent.name
    name = folder or Path(request.file_name).stem
    imported, converted = _imported(archive.text(texts[0]), request, name)
    places: dict[str, str] = {}
    for member in archive.names:
        # A network's own folder counts more than one that many networks share.
        own = PurePosixPath(member).parent == PurePosixPath(texts[0]).parent
        if own or PurePosixPath(member).name not in places:
            places[PurePosixPath(member).name] = member
    for (tag, variant), files in sort_by_tag(places).items():
        wanted = converted.parts
        if not any(module.id in files for module, _ in wanted.values()):
            continue
        name = _tag(tag) or request.tag or IMPORTED
        state = _state(archive, converted, files, f"{name}/{variant}")
        imported.weights.append(WeightsOf(name, variant, state))
    if converted.parts and not imported.weights:
        imported.warnings.append("No weights came with it; it has to be trained.")
    return imported


def _imported(data: bytes, request: ImportRequest, name: str) -> tuple[Imported, Converted]:
    inner, modules = parse_modules(data)
    converted = convert(modules, request.output)
    called = request.name or network_name(name if name != "modules" else inner or name)
    description = NetworkDescription(
        name=called,
        title=inner or called,
        summary=f"From DIANNE, {format_count(len(modules), 'module')}.",
        layers=tuple(converted.layers),
    )
    return Imported("dianne", description, [], converted.warnings), converted


def _tag(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", text).lstrip("._-")[:64]


def _state(
    archive: SafeZip, converted: Converted, files: dict[str, str], tag: str
) -> dict[str, Array]:
    state: dict[str, Array] = {}
    for layer, (module, part) in converted.parts.items():
        values = dict(part.constants)
        place = files.get(module.id)
        if place is not None and part.slots:
            data = parse_weights(archive.data(place), place)
            if len(data) != part.values:
                raise InvalidDataError(
                    f"The weights file {place} holds {len(data):,} values; {module.label} has "
                    f"{part.values:,}."
                )
            values = part.read(data)
        elif part.slots and not part.optional:
            raise InvalidDataError(
                f"Weights {tag} lack those of {module.label}; its file would be called "
                f"{module.id}, with the tag behind it."
            )
        state |= {f"{layer}.{key}": value for key, value in values.items()}
    return state
