"""Metadata of an item as documents: JSON, and RDF with the MLDCAT-AP profile.

JSON-LD carries its whole context, so that no parser has to fetch one. Its terms are those of
AI4OS's context 2.0.0 for MLDCAT-AP (https://semiceu.github.io/MLDCAT-AP/releases/2.0.0/).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from jupyter_platform.core.errors import (
    FieldError,
    InvalidRequestError,
    MediaTypeError,
    NotFoundError,
)
from jupyter_platform.core.marketplace import ItemRecord

JSON = "application/json"
JSON_LD = "application/ld+json"
TURTLE = "text/turtle"
MEDIA_TYPES = (JSON, JSON_LD, TURTLE)
DocumentFormat = Literal["json", "json-ld", "turtle"]
FORMATS: dict[DocumentFormat, str] = {"json": JSON, "json-ld": JSON_LD, "turtle": TURTLE}
PROFILE = "mldcatap"
_VOCABULARY = "http://w3id.org/ai4os/vocabulary/"
_DCT, _DCAT = "http://purl.org/dc/terms/", "http://www.w3.org/ns/dcat#"
_IT6, _PROV = "http://data.europa.eu/it6/", "http://www.w3.org/ns/prov#"
_RDFS, _XSD = "http://www.w3.org/2000/01/rdf-schema#", "http://www.w3.org/2001/XMLSchema#"
_PREFIXES = {"dct": _DCT, "dcat": _DCAT, "it6": _IT6, "prov": _PROV, "rdfs": _RDFS, "xsd": _XSD}
_LINKS = {
    "source_code": "it6:hasRepository",
    "docker_image": "it6:hasRepository",
    "dataset": "it6:trainedOn",
    "citation": "it6:hasBibliographicReference",
    "base_model": "it6:fineTunedFrom",
    "documentation": "dcat:landingPage",
}
_WORDS = {
    "libraries": ("it6:hasMachineLearningLibrary", "library"),
    "tasks": ("it6:hasTaskType", "tasktype"),
    "categories": ("dct:type", "category"),
}
_ITEMS = "urn:jupyter-platform:item/"
_LANGUAGE = "en"
_RELATION = re.compile(r"[A-Za-z]+")


class _Iri(str):
    """An address as the object of a statement."""


class _Text(str):
    """Text in English as the object of a statement."""


class _Day(str):
    """A date as the object of a statement."""


Statement = tuple[str, str, str]
"""Subject, predicate and object; the type of the object says what it is."""


def chosen_media_type(accept: str) -> str:
    """Return the media type that a request wants most.

    Parameters
    ----------
    accept : str
        The header ``Accept``; empty or ``*/*`` for JSON.

    Raises
    ------
    MediaTypeError
        If none of them is there.
    """
    ranges = [_range(part) for part in accept.split(",") if part.strip()] or [("*/*", 1.0)]
    for wanted, quality in sorted(ranges, key=lambda item: -item[1]):
        if quality <= 0:
            continue
        for known in MEDIA_TYPES:
            if wanted in (known, "*/*", f"{known.partition('/')[0]}/*"):
                return known
    raise MediaTypeError(
        f"Accept = {accept[:200]!r}: metadata are there as {', '.join(MEDIA_TYPES)}."
    )


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (word.strip() for word in part.split(";"))
    quality = next((word[2:] for word in parameters if word.lower().startswith("q=")), "1")
    try:
        return name.lower(), float(quality)
    except ValueError:
        return name.lower(), 0.0


def metadata_document(record: ItemRecord, accept: str, profile: str = "") -> tuple[str, str]:
    """Return the metadata of an item as a document, with its media type.

    Parameters
    ----------
    record : ItemRecord
        The item.
    accept : str
        What the request accepts.
    profile : str
        Empty, or ``mldcatap``.

    Raises
    ------
    MediaTypeError
        If there is no document of an accepted type.
    InvalidRequestError
        If there is no such profile.
    """
    if profile not in ("", PROFILE):
        message = f"profile = {profile[:100]!r} is unknown; leave it out, or give {PROFILE!r}."
        field = FieldError(field="profile", value=profile[:100], message=message, accepted=PROFILE)
        raise InvalidRequestError(message, errors=[field])
    media_type = chosen_media_type(accept)
    if media_type == JSON and profile != PROFILE:
        return json.dumps(json_metadata(record), ensure_ascii=False, indent=2), JSON
    return _document(list(_statements(record, item_address(record))), media_type), media_type


def json_metadata(record: ItemRecord) -> dict[str, Any]:
    """Return the metadata of an item with its name and licence, as AI4OS's API has them."""
    added = {"id": record.name, "license": record.license}
    return {**record.metadata, **{key: value for key, value in added.items() if value}}


def item_address(record: ItemRecord) -> str:
    """Return the address of an item that statements are about: its own, or a URN."""
    own = record.metadata.get("links", {}).get("self")
    found = _iri(own) if isinstance(own, str) else None
    return found or _ITEMS + quote(record.name, safe="")


def provenance_document(record: ItemRecord, accept: str) -> tuple[str, str]:
    """Return where an item comes from as RDF, with its media type.

    Parameters
    ----------
    record : ItemRecord
        The item.
    accept : str
        What the request accepts; Turtle where it accepts anything.

    Raises
    ------
    NotFoundError
        If nothing is known.
    MediaTypeError
        If there is no document of an accepted type.
    """
    if record.provenance is None:
        raise NotFoundError(f"Nothing is known of where {record.name!r} comes from.")
    media_type = TURTLE if accept.strip() in ("", "*/*") else chosen_media_type(accept)
    if media_type == JSON:
        return record.provenance.model_dump_json(indent=2), JSON
    places = {node.id: _node_address(node.id, record) for node in record.provenance.nodes}
    statements: list[Statement] = []
    for node in record.provenance.nodes:
        place = places[node.id]
        statements.append((place, "rdf:type", _Iri(f"{_PROV}{node.kind.capitalize()}")))
        statements.append((place, "rdfs:label", _Text(node.label)))
    statements += [
        (places[edge.source], f"prov:{edge.relation}", _Iri(places[edge.target]))
        for edge in record.provenance.edges
        if _RELATION.fullmatch(edge.relation)
    ]
    return _document(statements, media_type), media_type


def _node_address(node: str, record: ItemRecord) -> str:
    if node == f"item/{record.name}":
        return item_address(record)
    return _iri(node) or f"urn:jupyter-platform:{quote(node, safe='/')}"


def _statements(record: ItemRecord, address: str) -> Iterable[Statement]:
    yield address, "rdf:type", _Iri(f"{_IT6}MachineLearningModel")
    yield address, "dct:identifier", record.name
    yield address, "dct:title", _Text(record.title)
    yield address, "it6:shortDescription", _Text(record.summary)
    yield address, "dct:description", _Text(str(record.metadata.get("description", "")))
    for day, term in ((record.created, "dct:created"), (record.updated, "dct:modified")):
        if day is not None:
            yield address, term, _Day(day.isoformat())
    for tag in record.tags:
        yield address, "dcat:keyword", _Text(tag)
    for field, (term, vocabulary) in _WORDS.items():
        for word in getattr(record, field):
            name = "".join(part[:1].upper() + part[1:] for part in re.findall(r"\w+", word))
            place = f"{_VOCABULARY}{vocabulary}/{name}"
            yield address, term, _Iri(place)
            yield place, "rdfs:label", _Text(word)
    for link in record.links:
        if link.kind in _LINKS and (iri := _iri(link.url)):
            yield address, _LINKS[link.kind], _Iri(iri)
    if record.license_url is not None:
        yield address, "dct:license", _Iri(record.license_url)
        yield record.license_url, "rdfs:label", _Text(record.license or "")
    elif record.license:
        yield address, "dct:rights", record.license


def _iri(text: str) -> str | None:
    """Return an address without what no IRI may hold; None where it is none."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if (
        not parts.scheme
        or not (parts.netloc or parts.path)
        or parts.scheme not in ("http", "https")
    ):
        return None
    return quote(text, safe="!#$&'()*+,/:;=?@[]~%-._")


def _document(statements: list[Statement], media_type: str) -> str:
    if media_type == TURTLE:
        return _turtle(statements)
    return json.dumps(_json_ld(statements), ensure_ascii=False, indent=2)


def _turtle(statements: list[Statement]) -> str:
    lines = [f"@prefix {name}: <{address}> ." for name, address in _PREFIXES.items()]
    for subject, found in _by_subject(statements).items():
        parts = [_turtle_part(term, objects) for term, objects in found.items()]
        lines.append(f"\n<{subject}> " + " ;\n    ".join(parts) + " .")
    return "\n".join(lines) + "\n"


def _turtle_part(term: str, objects: list[str]) -> str:
    verb = "a" if term == "rdf:type" else term
    return f"{verb} {', '.join(_turtle_object(one) for one in objects)}"


def _turtle_object(value: str) -> str:
    if isinstance(value, _Iri):
        return f"<{value}>"
    # JSON's escapes of control characters, quotes and backslashes are those of Turtle.
    quoted = json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, _Text):
        return f"{quoted}@{_LANGUAGE}"
    return f"{quoted}^^xsd:date" if isinstance(value, _Day) else quoted


def _json_ld(statements: list[Statement]) -> dict[str, Any]:
    graph = []
    for subject, found in _by_subject(statements).items():
        node: dict[str, Any] = {"@id": subject}
        for term, objects in found.items():
            if term == "rdf:type":
                node["@type"] = [str(one) for one in objects]
            else:
                node[term] = [_json_ld_object(one) for one in objects]
        graph.append(node)
    return {"@context": _PREFIXES, "@graph": graph}


def _json_ld_object(value: str) -> dict[str, str]:
    if isinstance(value, _Iri):
        return {"@id": str(value)}
    if isinstance(value, _Text):
        return {"@value": str(value), "@language": _LANGUAGE}
    if isinstance(value, _Day):
        return {"@value": str(value), "@type": "xsd:date"}
    return {"@value": str(value)}


def _by_subject(statements: list[Statement]) -> Mapping[str, Mapping[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for subject, term, value in statements:
        found.setdefault(subject, {}).setdefault(term, []).append(value)
    return found
