"""What pages and documents show of an item."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
import rdflib

from jupyter_platform.catalogue.badges import draw_badge
from jupyter_platform.catalogue.descriptions import plain_text, render_description
from jupyter_platform.catalogue.documents import (
    chosen_media_type,
    item_address,
    metadata_document,
    provenance_document,
)
from jupyter_platform.catalogue.entries import ItemFiles, make_entry
from jupyter_platform.catalogue.licences import AUTHORITY, find_licence, licence_of_text
from jupyter_platform.catalogue.reading import normalise, read_metadata
from jupyter_platform.core.errors import InvalidRequestError, MediaTypeError, NotFoundError

from .files import FILES, text_of

RDF = {"application/ld+json": "json-ld", "text/turtle": "turtle"}
PROV = rdflib.Namespace("http://www.w3.org/ns/prov#")


def record_of(name, **fields):
    data = read_metadata(text_of(name), name).data | fields
    return make_entry(ItemFiles(name, normalise(data, name), license="MIT"), "there").record


def graph_of(document, media_type):
    return rdflib.Graph().parse(data=document, format=RDF[media_type])


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph")
@pytest.mark.parametrize("media_type", RDF)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_metadata_of_a_real_item_are_rdf(path, media_type):
    record = record_of(path.stem)

    document, told = metadata_document(record, media_type, "mldcatap")

    graph, item = graph_of(document, media_type), rdflib.URIRef(item_address(record))
    assert told == media_type
    assert str(graph.value(item, rdflib.DCTERMS.title)) == record.title
    assert str(graph.value(item, rdflib.DCTERMS.license)) == AUTHORITY + "MIT"
    assert {str(word) for word in graph.objects(item, rdflib.DCAT.keyword)} == set(record.tags)
    described = str(graph.value(item, rdflib.DCTERMS.description))
    assert described == record.metadata["description"]


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph")
@pytest.mark.parametrize("media_type", RDF)
def test_any_text_survives_in_rdf(media_type):
    title = 'A "quoted"\\ <tag> \u2028 \x7f tab\t é 日本 \U0001f600'
    record = record_of(
        "retinopathy-test",
        title=title,
        tags=["a b", 'c"d'],
        links={"source_code": "https://example.org/a b/<x>\"'|{}", "dataset": "javascript:x"},
    )

    graph = graph_of(metadata_document(record, media_type)[0], media_type)

    item = rdflib.URIRef(item_address(record))
    assert str(graph.value(item, rdflib.DCTERMS.title)) == record.title
    assert {str(word) for word in graph.objects(item, rdflib.DCAT.keyword)} == {"a b", 'c"d'}


def test_metadata_as_json_tell_name_and_licence():
    record = record_of("retinopathy-test")

    document, media_type = metadata_document(record, "text/html, */*;q=0.8")

    found = json.loads(document)
    assert media_type == "application/json"
    assert (found["id"], found["title"], found["license"]) == (record.name, record.title, "MIT")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/turtle;q=0.5, application/ld+json", "application/ld+json"),
        ("text/*", "text/turtle"),
        ("image/png, text/turtle;q=0.1", "text/turtle"),
    ],
)
def test_the_type_of_a_document_is_negotiated(accept, expected):
    assert chosen_media_type(accept) == expected


def test_other_types_and_profiles_are_refused():
    record = record_of("retinopathy-test")

    with pytest.raises(MediaTypeError) as other:
        metadata_document(record, "image/png, text/turtle;q=0")
    with pytest.raises(InvalidRequestError) as profile:
        metadata_document(record, "", "dcat")

    assert (other.value.status_code, profile.value.status_code) == (415, 400)


MADE = {
    "job": "0123456789ab",
    "network": "lenet",
    "dataset": "digits",
    "parent": "digit-classifier",
    "owner": "ada",
}


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph")
def test_provenance_is_a_graph_and_rdf():
    record = record_of("retinopathy-test", provenance=MADE)

    graph = graph_of(*provenance_document(record, "*/*"))

    item = rdflib.URIRef(item_address(record))
    job = rdflib.URIRef("urn:jupyter-platform:job/0123456789ab")
    parent = rdflib.URIRef("urn:jupyter-platform:item/digit-classifier")
    assert (item, PROV.wasDerivedFrom, parent) in graph
    assert (item, PROV.wasGeneratedBy, job) in graph
    assert (job, PROV.used, rdflib.URIRef("urn:jupyter-platform:dataset/digits")) in graph
    ids = {node.id for node in record.provenance.nodes}
    assert {end for edge in record.provenance.edges for end in (edge.source, edge.target)} <= ids
    assert (record.parent, record.job, record.network) == (MADE["parent"], MADE["job"], "lenet")


def test_an_item_without_provenance_has_no_graph():
    record = record_of("retinopathy-test")

    assert record.provenance is None
    with pytest.raises(NotFoundError):
        provenance_document(record, "text/turtle")


HARMFUL = {
    "script": "<script>alert(1)</script>",
    "remote picture": "![p](https://evil.example/p.png)",
    "picture in HTML": "<img src='https://evil.example/p.png' onerror='alert(1)'>",
    "handler": "<p onclick='alert(1)'>x</p>",
    "address": "[x](javascript:alert(1)) <a href='jav&#x09;ascript:alert(1)'>y</a>",
    "style": "<style>@import 'https://evil.example'</style><p style='background:url(//evil)'>x</p>",
    "frame": "<iframe src='https://evil.example'></iframe><object data='x'></object>",
    "svg": "<svg><script>alert(1)</script><image href='https://evil.example/p'/></svg>",
    "form": "<form action='https://evil.example'><input name=x></form>",
    "broken": "<img src=x onerror=alert(1) <script>alert(1)//",
    "film": "<video autoplay src='https://evil.example/v.mp4'></video>",
    "code": "`<script>alert(1)</script>`",
}


@pytest.mark.parametrize("kind", HARMFUL)
def test_a_description_runs_nothing_and_fetches_nothing(kind):
    rendered = render_description(f"# Title\n\nbefore\n\n{HARMFUL[kind]}")

    root = ElementTree.fromstring(f"<div>{rendered.replace('<br>', '<br/>')}</div>")
    for element in root.iter():
        assert element.tag in {"div", "h3", "p", "a", "code"}
        assert set(element.attrib) <= {"href", "title", "rel", "target"}
        href = element.attrib.get("href", "https:")
        assert href.startswith(("https:", "#")), href
    assert "before" in plain_text(rendered)


def test_what_people_write_is_shown():
    rendered = render_description(
        "## Use\n\n1. *one*\n2. **two**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nSee https://example.org"
    )

    assert "<h4>Use</h4>" in rendered
    assert "<table>" in rendered
    assert "<strong>two</strong>" in rendered
    assert 'href="https://example.org"' in rendered
    assert plain_text(rendered).startswith("Use one two a b 1 2")


LICENCES = {
    "MIT": "MIT",
    "MIT License": "MIT",
    "Apache 2.0": "APACHE_2_0",
    "Apache License 2.0": "APACHE_2_0",
    "apache-2.0": "APACHE_2_0",
    "BSD-3-Clause": "BSD_3_CLAUSE",
    "BSD 3-Clause": "BSD_3_CLAUSE",
    "AGPL-3.0": "AGPL_3_0",
    "AGPL-3.0-or-later": "AGPL_3_0",
    "AGPL_3_0": "AGPL_3_0",
    "GNU Affero General Public License v3.0": "AGPL_3_0",
    "GPL-3.0-only": "GPL_3_0",
    "GNU General Public License v3": "GPL_3_0",
    "http://publications.europa.eu/resource/authority/licence/GPL_3_0": "GPL_3_0",
}


@pytest.mark.parametrize("text", LICENCES)
def test_a_licence_leads_to_the_vocabulary_of_the_eu(text):
    assert find_licence(text).url == AUTHORITY + LICENCES[text]


def test_an_unknown_licence_stays_text():
    found = find_licence("Ask us first")

    assert (found.name, found.url) == ("Ask us first", None)
    assert licence_of_text("Ask us first") is None
    assert licence_of_text("MIT License\n\nPermission is hereby granted,\nfree of charge") == "MIT"


def test_badges_are_drawn_here_and_only_what_is_there_has_one():
    without = record_of("retinopathy-test")
    links = {"source_code": "", "cicd_url": "https://ci.example.org/x"}
    with_both = record_of("retinopathy-test", doi="10.5281/zenodo.123", links=links)

    svg = ElementTree.fromstring(draw_badge("DOI", '10.1/<&">'))

    assert without.badges == []
    assert [badge.label for badge in with_both.badges] == ["DOI", "CI"]
    assert with_both.badges[0].url == "https://doi.org/10.5281/zenodo.123"
    assert '10.1/<&">' in "".join(svg.itertext())
    assert "http" not in with_both.badges[0].svg.replace("http://www.w3.org/2000/svg", "")


def test_each_link_of_an_item_is_a_button():
    links = {
        "source_code": "https://github.com/ada/x",
        "docker_image": "ai4oshub/x",
        "dataset": "10.5281/zenodo.7",
        "documentation": "https://example.org/docs",
        "weights": "javascript:alert(1)",
        "citation": "",
        "base_model": 'https://example.org/"onmouseover=x',
    }

    found = {link.kind: link.url for link in record_of("retinopathy-test", links=links).links}

    assert found == {
        "source_code": "https://github.com/ada/x",
        "issues": "https://github.com/ada/x/issues",
        "dataset": "https://doi.org/10.5281/zenodo.7",
        "docker_image": "https://hub.docker.com/r/ai4oshub/x",
        "documentation": "https://example.org/docs",
    }
