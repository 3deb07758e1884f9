"""The routes of the marketplace."""

from __future__ import annotations

from jupyter_platform.runtime.item_folders import own_items


async def test_the_packages_own_items_are_listed_and_shown(running):
    async with running() as api:
        page = (await api.client.get("/api/marketplace/items")).json()
        records = [
            (await api.client.get(f"/api/marketplace/items/{card['name']}")).json()
            for card in page["items"]
        ]

    assert {card["name"] for card in page["items"]} == set(own_items())
    assert all(record["source"] == "jupyter-platform" for record in records)
    assert [len(record["deploy"]) for record in records] == [6] * len(records)


async def test_what_cannot_be_searched_for_is_refused(running):
    async with running() as api:
        answers = [
            await api.client.get("/api/marketplace/items", params=params)
            for params in (
                {"sort": "colour"},
                {"group": "{"},
                {"group": '{"colour": ["red"]}'},
                {"limit": 501},
                {"text": "x" * 501},
            )
        ]
        unknown = await api.client.get("/api/marketplace/items/nothing")

    assert [answer.status_code for answer in answers] == [422] * 5
    assert "libraries" in answers[2].json()["message"]
    assert unknown.status_code == 404
