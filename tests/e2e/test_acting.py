"""An agent beside its learner: started from the form, watched in the job view."""

import pytest
from playwright.sync_api import Page, expect

from .test_job_view import open_job, picture

pytestmark = pytest.mark.browser


def test_episodes_of_an_agent_can_be_gone_through(lab, page: Page):
    options = {
        "environment": "CartPole-v1",
        "action_strategy": "random",
        "max_sequences": 30,
        "pool": "e2e",
    }
    submission = {"type": "ACT", "networks": ["q-network"], "options": options}
    job = lab.platform("POST", "jobs", submission)["id"]
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))

    view = open_job(lab, page, job)
    expect(view.locator(".u-over").first).to_be_visible()
    picture(page, "act-curves")
    view.get_by_role("tab", name="Episodes").click()
    frame = view.locator(".jp-Platform-episode img")
    expect(frame).to_be_visible()
    place = view.get_by_role("slider")
    place.focus()
    first = frame.get_attribute("src")
    page.keyboard.press("ArrowRight")
    expect(view.locator("output")).to_contain_text("after 1 of")
    page.keyboard.press("End")
    assert frame.get_attribute("src") != first
    view.get_by_role("button", name="Play").click()
    expect(view.get_by_role("button", name="Pause")).to_be_visible()
    view.get_by_role("button", name="Latest episode").click()
    expect(view.locator("figcaption")).to_contain_text("return")
    picture(page, "act-episodes")
    assert thrown == []


def test_the_form_asks_for_what_acting_needs(lab, page: Page):
    page.goto(lab.page_url())
    page.get_by_role("button", name="Submit").first.click()
    form = page.locator(".jp-Platform-form")
    expect(form).to_be_visible()

    form.get_by_label("Type", exact=True).select_option("ACT")

    expect(form.get_by_label("Dataset")).to_have_count(0)
    expect(form.get_by_text("Choose a network and an environment.")).to_be_visible()
    form.get_by_role("combobox", name="Network").first.fill("q-network")
    form.get_by_label("environment", exact=False).first.fill("CartPole-v1")
    expect(form.get_by_text("would start at once")).to_be_visible()
    picture(page, "act-form")
