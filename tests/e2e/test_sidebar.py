"""The sidebar at the widths that it has: what a row shows, also while one points at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import await_states, choose, make_as_wide, open_sidebar, picture

pytestmark = pytest.mark.browser

DEFAULT_PX = 250
RATES = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
CUT = "node => node.scrollWidth > node.clientWidth"
PLACES = """row => [...row.querySelectorAll('span, button, time')].map(node => {
    const box = node.getBoundingClientRect();
    return [box.x, box.y, box.width, box.height];
})"""


@pytest.fixture
def sweep(lab) -> Iterator[list[str]]:
    """Six jobs that differ in their rate, three of them also by name."""
    body = {"type": "LEARN", "networks": ["mlp"], "dataset": "wine"}
    jobs = []
    for number, rate in enumerate(RATES):
        named = {"name": f"sweep over wine lr {rate}"} if number % 2 else {}
        options = {"learning_rate": rate, "max_iterations": 20}
        answer = lab.platform("POST", "jobs", {**body, **named, "options": options})
        jobs.append(answer["id"])
    for job in jobs:
        await_states(lab, {"finished": job})
    yield jobs
    for job in jobs:
        lab.platform("DELETE", f"jobs/{job}")


def test_six_runs_of_a_sweep_are_told_apart(lab, page: Page, sweep: list[str]):
    try:
        for theme in ("light", "dark"):
            choose(lab.url, lab.token, theme)
            sidebar = open_sidebar(lab, page)
            for width in (DEFAULT_PX, 320):
                make_as_wide(page, sidebar, width)
                shows_what_differs(sidebar, sweep)
                picture(page, f"sweep-{width}-{theme}")
    finally:
        choose(lab.url, lab.token, "light")


def shows_what_differs(sidebar: Locator, sweep: list[str]) -> None:
    for job, rate in zip(sweep, RATES, strict=True):
        row = sidebar.locator(f"li[data-job='{job}']")
        own = row.locator(".jp-Platform-job-own")
        expect(own).to_have_text(f"lr {rate}")
        assert not own.evaluate(CUT)
        score = row.locator(".jp-Platform-job-outcome")
        assert float(score.inner_text()) <= 1
        assert "accuracy" in str(score.get_attribute("title"))
        assert not score.evaluate(CUT)


def test_pointing_at_a_row_moves_and_cuts_nothing(lab, page: Page, sweep: list[str]):
    sidebar = open_sidebar(lab, page)
    make_as_wide(page, sidebar, DEFAULT_PX)
    row = sidebar.locator(f"li[data-job='{sweep[0]}']")
    expect(row).to_be_visible()
    page.mouse.move(700, 10)
    before = row.evaluate(PLACES)

    row.hover()

    assert row.evaluate(PLACES) == before
    action = row.get_by_role("button", name="More actions").bounding_box()
    age = row.locator("time").bounding_box()
    assert action is not None
    assert age is not None
    assert age["x"] + age["width"] <= action["x"]
