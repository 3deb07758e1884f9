"""The routes of the marketplace, over real files of AI4OS."""

from __future__ import annotations

import json

import rdflib

from jupyter_platform.catalogue.snapshot import read_snapshot, snapshot_file
from jupyter_platform.core.identity import USER_HEADER
from jupyter_platform.core.settings import MarketplaceSettings, Settings, SourceSettings
from jupyter_platform.runtime.item_folders import own_items
from tests.catalogue.files import AI4OS, BROKEN, FILES
from tests.waiting import until_async

from .conftest import TOKEN


def of_folder(folder=AI4OS, **more):
    source = SourceSettings(kind="folder", name="ai4os", location=str(folder))
    return Settings(marketplace=MarketplaceSettings(sources=(source,), **more))


async def answer(api, path, **params):
    found = await api.client.get(f"/api/marketplace/{path}", params=params)
    assert found.status_code == 200, found.text
    return found.json()


async def refreshed(api, *names):
    found = await api.client.post("/api/marketplace/refresh", params={"source": list(names)})
    assert found.status_code == 200, found.text
    return {item["name"]: item for item in found.json()}


def whole_copy(paths):
    found = read_snapshot(snapshot_file(paths))
    return found if found is not None and len(found.index) >= len(FILES) else None


async def test_the_packages_own_items_are_listed_and_shown(running):
    async with running() as api:
        page = await answer(api, "items", source="jupyter-platform")
        records = [await answer(api, f"items/{card['name']}") for card in page["items"]]

    assert {card["name"] for card in page["items"]} == set(own_items())
    assert all(record["valid"] for record in records)
    assert [len(record["deploy"]) for record in records] == [6] * len(records)


async def test_real_files_are_listed_a_broken_one_as_a_placeholder(running, paths):
    async with running(of_folder()) as api:
        source = (await refreshed(api))["ai4os"]
        page = await answer(api, "items", source="ai4os", limit=500)
        broken = await answer(api, f"items/{BROKEN}")
        plain = await answer(api, "items/retinopathy-test")
        # What was read stays for the next life, and for the public page.
        left = await until_async(lambda: whole_copy(paths), "the copy of the catalogue")

    names = {card["name"] for card in page["items"]}
    assert {path.stem for path in FILES} <= names
    assert (source["items"], source["invalid"], source["error"]) == (len(names), 1, None)
    assert page["total"] == len(names)
    assert not broken["valid"]
    assert broken["tags"] == ["invalid metadata"]
    assert "line 14" in broken["problems"][0]
    assert plain["runs"] == "containers"
    assert {one["enabled"] for one in plain["deploy"] if one["action"] != "elsewhere"} == {False}
    assert all(one["reason"] for one in plain["deploy"])
    assert left.record("retinopathy-test").title == plain["title"]
    async with running() as api:
        assert (await answer(api, "items", source="ai4os"))["total"] == 0


async def test_what_was_read_is_there_at_once_in_the_next_life(running, tmp_path):
    folder = tmp_path / "items"
    folder.mkdir()
    (folder / "one.yml").write_text(FILES[0].read_text())
    async with running(of_folder(folder)) as api:
        await refreshed(api, "ai4os")
    (folder / "one.yml").unlink()
    folder.rmdir()

    async with running(of_folder(folder)) as api:
        assert (await answer(api, "items", source="ai4os"))["total"] == 1
        failed = (await refreshed(api, "ai4os"))["ai4os"]
        assert (await answer(api, "items", source="ai4os"))["total"] == 1

    assert failed["error"].startswith("There is no folder")
    assert failed["refreshed"] is not None


async def test_a_file_that_changes_is_shown_after_a_refresh(running, tmp_path):
    folder = tmp_path / "items"
    folder.mkdir()
    text = FILES[0].read_text()
    (folder / "one.yml").write_text(text)
    async with running(of_folder(folder)) as api:
        await refreshed(api, "ai4os")
        (folder / "one.yml").write_text(text.replace("title: ", "title: New "))
        await refreshed(api, "ai4os")
        changed = await answer(api, "items/one")
        eve = api.connect(**{"Authorization": f"Bearer {TOKEN}", USER_HEADER: "eve"})
        nobody = api.connect()
        answers = [await who.post("/api/marketplace/refresh") for who in (eve, nobody)]

    assert changed["title"].startswith("New ")
    assert [one.status_code for one in answers] == [403, 401]


async def test_metadata_are_there_as_json_and_rdf(running):
    path = "/api/marketplace/items/thermal-bridges-rooftops-detector/metadata"
    async with running(of_folder()) as api:
        await refreshed(api, "ai4os")
        record = await answer(api, "items/thermal-bridges-rooftops-detector")
        found = {
            kind: await api.client.get(path, headers={"Accept": kind})
            for kind in ("application/json", "application/ld+json", "text/turtle")
        }
        refused = await api.client.get(path, headers={"Accept": "image/png"})
        profile = await api.client.get(path, params={"profile": "dcat"})

    titles = {found["application/json"].json()["title"]}
    for kind, name in (("application/ld+json", "json-ld"), ("text/turtle", "turtle")):
        assert found[kind].headers["content-type"].startswith(kind)
        graph = rdflib.Graph().parse(data=found[kind].text, format=name)
        titles |= {str(one) for one in graph.objects(None, rdflib.DCTERMS.title)}
    assert titles == {record["title"]}
    assert (refused.status_code, profile.status_code) == (415, 400)


async def test_searches_are_kept_for_who_made_them(running):
    query = {"text": "plankton", "filters": {"libraries": ["PyTorch"]}, "sort": "updated"}
    async with running() as api:
        eve = api.connect(**{"Authorization": f"Bearer {TOKEN}", USER_HEADER: "eve"})
        path = "/api/marketplace/searches/mine"
        put = await api.client.put(path, json=query)
        wrong = await api.client.put(path, json={"filters": {"colour": ["red"]}})
        mine = await answer(api, "searches")
        others = (await eve.get("/api/marketplace/searches")).json()
        missing = await eve.delete(path)
        gone = await api.client.delete(path)
        after = await answer(api, "searches")

    assert put.json()["query"] == {**query, "groups": []}
    assert wrong.status_code == 422
    assert [one["name"] for one in mine] == ["mine"]
    assert (others, missing.status_code) == ([], 404)
    assert (gone.status_code, after) == (204, [])


async def test_a_marketplace_may_open_filtered(running):
    async with running(of_folder(default_filter={"tags": ["vo.imagine-ai.eu"]})) as api:
        await refreshed(api, "ai4os")
        opening = await answer(api, "default")
        page = await answer(api, "items", **opening["filters"])
        whole = await answer(api, "items")

    assert 0 < page["total"] < whole["total"] == whole["all"]
    assert all("vo.imagine-ai.eu" in card["tags"] for card in page["items"])


async def test_groups_are_alternatives(running):
    async with running(of_folder()) as api:
        await refreshed(api, "ai4os")
        one, two = {"libraries": ["PyTorch"]}, {"tasks": ["Time Series"]}
        pages = [
            {card["name"] for card in (await answer(api, "items", limit=500, **params))["items"]}
            for params in (
                one,
                two,
                {"group": [json.dumps(one), json.dumps(two)]},
                {**one, "group": json.dumps(two)},
            )
        ]

    assert pages[0]
    assert pages[1] - pages[0]
    assert pages[2] == pages[3] == pages[0] | pages[1]


async def test_what_cannot_be_searched_for_is_refused(running):
    async with running() as api:
        answers = [
            await api.client.get("/api/marketplace/items", params=params)
            for params in (
                {"sort": "colour"},
                {"library": "PyTorch"},
                {"group": "{"},
                {"group": '{"colour": ["red"]}'},
                {"limit": 501},
                {"text": "x" * 501},
            )
        ]
        unknown = await api.client.get("/api/marketplace/items/nothing")
        source = await api.client.post("/api/marketplace/refresh", params={"source": "nothing"})

    assert [one.status_code for one in answers] == [422] * 6
    assert "Did you mean 'libraries'" in answers[1].json()["message"]
    assert "libraries" in answers[3].json()["message"]
    assert (unknown.status_code, source.status_code) == (404, 400)
