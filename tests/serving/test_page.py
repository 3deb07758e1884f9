"""The page of a service in a browser: a form from the arguments, answers shown as what they are."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.jupyter import chromium
from tests.serving.networks.folders import digits, flowers
from tests.serving.pictures import PIXEL
from tests.serving.serving import installed, service
from tests.waiting import DEADLINE_S

pytestmark = pytest.mark.browser
expect.set_options(timeout=1000 * DEADLINE_S)
PICTURE = {"name": "dot.png", "mimeType": "image/png", "buffer": PIXEL}


WIDE, NARROW = (1280, "light"), (360, "dark")
in_both = pytest.mark.parametrize("page", [WIDE, NARROW], ids=["wide", "narrow"], indirect=True)


@pytest.fixture
def page(request):
    """Open a page on which nothing may fail, and nothing comes from elsewhere."""
    width, scheme = getattr(request, "param", WIDE)
    faults: list[str] = []
    with chromium() as browser:
        opened = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on("request", lambda sent: faults.extend(_foreign(sent.url)))
        yield opened
    assert faults == []


def _foreign(url: str) -> list[str]:
    return [] if url.startswith(("http://127.0.0.1:", "blob:", "data:")) else [url]


@pytest.fixture(scope="module")
def showcase_page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    arguments = ("--base-url", "/user/mia/api/")
    environment = {"PYTHONPATH": str(installed(folder)), "SHOWCASE_FOLDER": str(folder)}
    with service(folder, *arguments, on_port=True, **environment) as client:
        yield f"{client.base_url}/user/mia/api/ui/"


def _no_overflow(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]


@in_both
def test_each_argument_has_its_widget_and_each_type_its_tab(page, showcase_page):
    page.goto(showcase_page)

    expect(page.get_by_role("heading", level=1)).to_have_text("Showcase")
    expect(page.get_by_role("slider", name="count, slider")).to_have_value("50")
    expect(page.get_by_role("combobox", name="choice")).to_have_value("b")
    expect(page.get_by_role("checkbox", name="is_loud")).to_be_checked()
    expect(page.locator("#argument-password")).to_have_attribute("type", "password")
    expect(page.get_by_label("numbers")).to_have_value("0.1, 0.2")
    page.get_by_label("picture").set_input_files(PICTURE)
    expect(page.get_by_role("img", name="dot.png")).to_be_visible()
    _no_overflow(page)

    page.get_by_role("button", name="Run").press("Enter")
    expect(page.get_by_role("row", name="bytes")).to_contain_text(str(len(PIXEL)))

    page.get_by_role("tab", name="application/json").press("ArrowLeft")
    expect(page.get_by_role("tab", name="image/*")).to_be_focused()
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("tabpanel").last.get_by_role("img")).to_be_visible()
    page.get_by_role("tab", name="application/zip").click()
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("link", name="Save answer.zip")).to_be_visible()


def test_what_is_wrong_stands_at_its_field(page, showcase_page):
    page.goto(showcase_page)
    page.locator("#argument-count").fill("500")
    page.get_by_role("button", name="Run").click()

    expect(page.locator("#argument-count-fault")).to_contain_text("less than or equal to 100")
    expect(page.locator("#argument-picture-fault")).to_have_text("Missing data for required field.")
    expect(page.locator("#argument-count")).to_be_focused()
    page.locator("#argument-count").fill("5")
    page.get_by_label("text", exact=True).fill("fail")
    page.get_by_label("picture").set_input_files(PICTURE)
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_have_text("ValueError: no such weights")
    expect(page.locator("#argument-count-fault")).to_be_hidden()


def test_a_training_is_followed_and_cancelled(page, showcase_page):
    page.goto(showcase_page)
    page.get_by_role("tab", name="Train").click()
    page.get_by_label("epochs").fill("6000")
    page.get_by_role("button", name="Train").click()

    expect(page.get_by_text("running")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("None yet.")).to_be_visible()


@in_both
def test_a_classifier_shows_a_bar_for_each_class(page, tmp_path):
    with service(tmp_path, "--network", str(digits(tmp_path / "net")), on_port=True) as client:
        page.goto(f"{client.base_url}/ui/")
        page.get_by_label("image").set_input_files(PICTURE)
        page.get_by_role("button", name="Run").click()

        bars = page.get_by_role("list", name="Probabilities").get_by_role("listitem")
        expect(bars).to_have_count(10)
        expect(bars.first).to_contain_text("%")
        page.get_by_text("The same from a shell").click()
        expect(page.locator("pre").first).to_contain_text("image=@dot.png;type=image/png")
        _no_overflow(page)


def test_a_table_has_a_field_for_each_column(page, tmp_path):
    with service(tmp_path, "--network", str(flowers(tmp_path / "net")), on_port=True) as client:
        page.goto(f"{client.base_url}/ui/")
        page.get_by_label("petal length").fill("5")
        page.get_by_role("combobox", name="garden").select_option("south")
        page.get_by_role("button", name="Run").click()

        expect(page.get_by_role("list", name="Probabilities")).to_contain_text("virginica")


def test_the_documents_are_drawn_without_the_network(page, showcase_page):
    page.goto(showcase_page)
    page.get_by_role("link", name="API").click()

    expect(page.get_by_text("Make a prediction")).to_be_visible()
