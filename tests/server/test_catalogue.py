"""The public catalogue: without login, kernel, JavaScript or coordinator."""

import html
import re
from datetime import UTC, datetime

import pytest
import rdflib
from tornado.httpclient import HTTPClientError

from jupyter_platform.catalogue.entries import ItemFiles, make_entry
from jupyter_platform.catalogue.reading import normalise, read_metadata
from jupyter_platform.catalogue.showing import Capabilities, show_card, show_record
from jupyter_platform.catalogue.snapshot import snapshot_file, status_file, write_snapshot
from jupyter_platform.core.hosts import PublicStatus
from jupyter_platform.runtime.item_folders import own_items
from jupyter_platform.runtime.paths import Paths
from tests.catalogue.files import BROKEN, FILES

NOBODY = {"Authorization": ""}
FORBIDDEN = re.compile(r"<script|<img|javascript:|\son\w+\s*=|https?://[^\s\"'<]*\.(js|css)", re.I)


@pytest.fixture
def catalogue(jp_environ):
    """Leave a catalogue of real items, one of them with a hostile title and a history."""
    found = [
        make_entry(ItemFiles(path.stem, read_metadata(path.read_text(), path.stem)), "ai4os")
        for path in FILES
    ]
    data = found[0].record.metadata | {
        "title": "<script>alert(1)</script> & more",
        "description": "<script>alert(1)</script><img src=https://evil.example/p.png>",
        "provenance": {"job": "0123456789ab", "parent": "x</text><script>alert(1)</script>"},
    }
    found.append(make_entry(ItemFiles("hostile", normalise(data, "hostile")), "ai4os"))
    entries = {entry.record.name: entry for entry in found}
    paths, can = Paths.default().ensure(), Capabilities()
    write_snapshot(
        snapshot_file(paths),
        [(show_card(one, entries, can), one.text, show_record(one, entries, can)) for one in found],
    )
    return entries


@pytest.fixture
def get(jp_fetch):
    """Return a function that asks for a page without login."""

    async def ask(*path, **params):
        parts = ("jupyter-platform", "catalogue", *path)
        return await jp_fetch(*parts, headers=NOBODY, params=params, follow_redirects=False)

    return ask


def cards(page):
    return re.findall(r'class="card" href="[^"]*/items/([^"?]+)', page)


async def test_everybody_sees_all_items(catalogue, get, coordinator):
    answer = await get()
    page = answer.body.decode()

    assert set(cards(page)) == set(catalogue)
    assert f">{len(catalogue)} results<" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page
    assert FORBIDDEN.search(page) is None
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert coordinator.requests == []


async def test_the_catalogue_is_searched_and_filtered_by_its_address(catalogue, get):
    page = (await get(text="plankton", sort="updated")).body.decode()
    filtered = (await get(libraries="PyTorch", tasks="Computer Vision")).body.decode()
    nothing = (await get(libraries="nothing")).body.decode()

    assert BROKEN in cards(page)
    assert f">{len(cards(page))} result" in page
    expected = {
        name
        for name, entry in catalogue.items()
        if "PyTorch" in entry.record.libraries and "Computer Vision" in entry.record.tasks
    }
    assert set(cards(filtered)) == expected
    # A click on a ticked value takes it away again.
    (untick,) = re.findall(r'href="(\?[^"]*)"[^>]*class="value on"[^>]*>[^\n]*PyTorch', filtered)
    assert html.unescape(untick) == "?tasks=Computer+Vision"
    assert "Nothing fits." in nothing


@pytest.mark.parametrize("name", ["hostile", BROKEN, "thermal-anomaly-segmenter"])
async def test_an_item_has_a_page(catalogue, get, coordinator, name):
    page = (await get("items", name)).body.decode()

    record = catalogue[name].record
    assert html.escape(record.title) in page
    assert all(f'href="{html.escape(link.url)}"' in page for link in record.links)
    assert FORBIDDEN.search(page) is None
    assert ("Where it comes from" in page) == (name == "hostile")
    assert coordinator.requests == []


async def test_metadata_and_provenance_are_files(catalogue, get):
    turtle = await get("items", "hostile", "metadata.ttl")
    provenance = await get("items", "hostile", "provenance.ttl")

    for answer in (turtle, provenance):
        assert answer.headers["Content-Type"].startswith("text/turtle")
        assert len(rdflib.Graph().parse(data=answer.body.decode(), format="turtle")) > 3
    with pytest.raises(HTTPClientError) as none:
        await get("items", "retinopathy-test", "provenance.ttl")
    assert none.value.code == 404


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        (("items", "nothing"), {}, 404),
        (("items", ".."), {}, 404),
        ((), {"sort": "colour"}, 422),
        ((), {"offset": "-1"}, 400),
        ((), {"theme": "<script>"}, 400),
    ],
)
async def test_what_is_not_there_is_told_on_a_page(catalogue, get, path, params, code):
    with pytest.raises(HTTPClientError) as refused:
        await get(*path, **params)

    assert refused.value.code == code
    assert b"<script>" not in refused.value.response.body


async def test_the_figures_of_the_cluster_are_shown(catalogue, get):
    figures = {"hosts": 2, "cpus": 32, "cpus_busy": 11, "memory": 128_000_000_000}
    figures |= {"memory_busy": 40_000_000_000, "gpus": 4, "gpus_busy": 3, "running": 5}
    status = PublicStatus(time=datetime.now(UTC), waiting=2, **figures)
    status_file(Paths.default()).write_text(status.model_dump_json())

    page = (await get()).body.decode()

    assert "11 of 32 busy" in page
    assert "3 of 4 busy" in page
    assert "2 hosts · 5 running, 2 waiting" in page


async def test_without_a_coordinator_the_packages_own_items_are_there(get, coordinator):
    page = (await get()).body.decode()

    assert set(cards(page)) == set(own_items())
    assert coordinator.requests == []


class TestWithLogin:
    """A server whose owner keeps the catalogue to those who have logged in."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        return {**jp_server_config, "PlatformExtension": {"public_catalogue": False}}

    async def test_the_catalogue_is_kept_to_those_who_have_logged_in(self, get, jp_fetch):
        with pytest.raises(HTTPClientError) as refused:
            await get()

        assert refused.value.code == 403
        assert (await jp_fetch("jupyter-platform", "catalogue")).code == 200
