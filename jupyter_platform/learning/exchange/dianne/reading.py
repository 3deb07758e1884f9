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
    NO_TAG,
    PREFIX,
    Module,
    Values,
    check_length,
    parse_modules,
    parse_weights,
    sort_by_tag,
)
from jupyter_platform.learning.exchange.dianne.graph import Converted, convert
from jupyter_platform.learning.exchange.dianne.translation import TranslatedLayer
from jupyter_platform.learning.exchange.imported import Array, Imported, WeightsOf, network_name
from jupyter_platform.learning.exchange.zips import SafeZip

NO_WEIGHTS = "No weights came with it; it has to be trained."


def read_text(path: Path, request: ImportRequest) -> Imported:
    """Read ``modules.txt`` alone, which has no weights.

    Parameters
    ----------
    path : Path
        The file.
    request : ImportRequest
        What is read, and where the result goes.

    Raises
    ------
    InvalidDataError
        If it cannot be used; the module and its key are named.
    """
    name = Path(request.file_name).stem
    imported, converted = _imported(path.read_bytes(), request, name)
    if converted.parts:
        imported.warnings.append(NO_WEIGHTS)
    return imported


def read_zip(archive: SafeZip, request: ImportRequest) -> Imported:
    """Read a zip file with ``modules.txt`` and weights beside it, or in a folder beside it.

    Parameters
    ----------
    archive : SafeZip
        The file that was sent.
    request : ImportRequest
        What is read, and where the result goes.

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
    by_tag = sort_by_tag(_weights_files(archive, texts[0]))
    without_tag = by_tag.get(NO_TAG, {})
    # A tag that nobody names stands for the newest weights, and in DIANNE for those without a tag.
    for key in sorted(by_tag, key=lambda item: item == NO_TAG):
        wanted = {module.id for module, _ in converted.parts.values()}
        if wanted.isdisjoint(by_tag[key]):
            continue
        tag, variant = _tag(key[0]) or request.tag or IMPORTED, key[1]
        # DIANNE, too, keeps what was there where a tag lacks a module.
        files = {**without_tag, **by_tag[key]}
        borrowed = sorted((wanted & set(files)) - set(by_tag[key]))
        if borrowed:
            imported.warnings.append(
                f"Weights {tag}/{variant} lack those of module {', '.join(borrowed)}; those "
                "without a tag are taken."
            )
        if any((item.tag, item.variant) == (tag, variant) for item in imported.weights):
            raise InvalidDataError(
                f"Two sets of weights would be called {tag}/{variant}; choose another tag for "
                "those that have none (tag)."
            )
        state = _state(archive, converted, files, f"{tag}/{variant}")
        step = int(variant) if variant.isdecimal() else 0
        imported.weights.append(WeightsOf(tag, variant, state, step))
    if converted.parts and not imported.weights:
        imported.warnings.append(NO_WEIGHTS)
    return imported


def _weights_files(archive: SafeZip, text: str) -> dict[str, str]:
    """Return members by file name; of two with one name that beside ``modules.txt`` counts."""
    places: dict[str, str] = {}
    for member in archive.names:
        # A network's own folder counts more than one that many networks share.
        own = PurePosixPath(member).parent == PurePosixPath(text).parent
        if own or PurePosixPath(member).name not in places:
            places[PurePosixPath(member).name] = member
    return places


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
            data = _values(archive, place, module, part)
            values = part.read(data)
        elif part.slots and not part.optional:
            raise InvalidDataError(
                f"Weights {tag} lack those of {module.label}; its file would be called "
                f"{module.id}, with the tag behind it."
            )
        state |= {f"{layer}.{key}": value for key, value in values.items()}
    return state


def _values(archive: SafeZip, place: str, module: Module, part: TranslatedLayer) -> Values:
    # A file that says that it is as long as it is need not be read to know that it does not fit.
    begin = archive.data(place, PREFIX)
    count = check_length(begin, archive.size(place), place)
    if count != part.values:
        raise InvalidDataError(
            f"The weights file {place} holds {count:,} values; {module.label} has {part.values:,}."
        )
    return parse_weights(archive.data(place), place)
