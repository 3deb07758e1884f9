"""Archives of this platform: a description and weights in one zip file.

``network.json``, ``weights/<tag>/tag.json`` and ``weights/<tag>/<variant>.safetensors``.
"""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import ValidationError

from jupyter_platform.core.catalogue import TagRecord
from jupyter_platform.core.errors import InvalidDataError, shortened
from jupyter_platform.core.exchange import (
    ImportAnswer,
    ImportRequest,
    WeightsFile,
    as_asked,
    parse_description,
)
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.learning.exchange.imported import check_weights, facts_of
from jupyter_platform.learning.exchange.zips import SafeZip

DESCRIPTION = "network.json"
_TAG_FILE = re.compile(r"weights/([A-Za-z0-9][A-Za-z0-9._-]{0,63})/tag\.json")


def read_archive(archive: SafeZip, request: ImportRequest) -> ImportAnswer:
    """Read an archive; every set of weights is tried on the network.

    Parameters
    ----------
    archive : SafeZip
        The file that was sent.
    request : ImportRequest
        What is read, and where the result goes.

    Raises
    ------
    InvalidDataError
        If something is missing or damaged, or weights do not fit.
    """
    description = as_asked(parse_description(archive.text(DESCRIPTION), DESCRIPTION), request)
    weights: list[WeightsFile] = []
    for name in archive.names:
        match = _TAG_FILE.fullmatch(name)
        if match is not None:
            record = _tag_record(archive.text(name), name, match.group(1))
            weights += _variants(archive, record, description, request, len(weights))
    facts = facts_of(description, in_memory=bool(weights))
    return ImportAnswer(
        kind="archive", description=description, facts=facts, weights=weights, warnings=[]
    )


def _tag_record(data: bytes, name: str, tag: str) -> TagRecord:
    try:
        record = TagRecord.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidDataError(f"{name} is no record of a tag: {place}: {first['msg']}.") from error
    if record.tag != tag:
        raise InvalidDataError(f"{name} is the record of another tag, {shortened(record.tag)!r}.")
    return record


def _variants(
    archive: SafeZip,
    record: TagRecord,
    description: NetworkDescription,
    request: ImportRequest,
    number: int,
) -> list[WeightsFile]:
    found: list[WeightsFile] = []
    for variant in record.variants:
        name = f"weights/{record.tag}/{variant.variant}.safetensors"
        if name not in archive.names:
            raise InvalidDataError(f"The archive lacks {name}, which its tag.json names.")
        path = Path(request.folder) / f"{number + len(found)}.safetensors"
        archive.extract(name, path)
        check_weights(description, path)
        found.append(
            WeightsFile(
                tag=record.tag,
                variant=variant.variant,
                file=str(path),
                step=variant.step,
                scores=variant.scores,
                input_shape=record.input_shape,
                outputs=record.outputs,
                dataset=record.dataset,
                job=record.job,
                origin=record.origin,
            )
        )
    return found
