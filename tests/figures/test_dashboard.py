"""The dashboards' pieces, from a coordinator that answers, and from one that does not."""

import json
import re
from urllib.parse import parse_qs

import pytest

from jupyter_platform.client.transport import Transport
from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.figures.dashboard import Dashboard


@pytest.fixture
def coordinator(start_coordinator):
    return start_coordinator()


@pytest.fixture
def dashboard(coordinator, make_host):
    hosts = [make_host("a").model_dump(mode="json"), make_host("<b>").model_dump(mode="json")]
    coordinator.answers["GET /api/hosts"] = lambda _: (200, hosts)
    coordinator.answers["GET /api/jobs"] = lambda _: (200, {"items": [], "total": 0})
    return Dashboard("dark", "/user/x/", Transport(start=False))


def test_a_part_is_rendered_and_says_where_it_is_refreshed(dashboard):
    html = dashboard.part("jobs")._repr_html_()

    assert 'data-part="/user/x/jupyter-platform/dashboards/parts/jobs"' in html
    assert 'data-refresh="2000"' in html
    assert "Nothing waits." in html


def test_each_list_asks_for_its_own_states(dashboard, coordinator):
    dashboard.part("jobs")

    asked = [parse_qs(query)["state"][0] for query in coordinator.queries if "state=" in query]

    assert len(asked) == len(set(asked)) == 3
    assert "queued,paused" in asked


def test_each_host_has_its_plots_as_data(dashboard):
    html = dashboard.hosts()._repr_html_()

    items = [
        json.loads(text) for text in re.findall(r'<script type="application/json">(.*?)<', html)
    ]

    assert len(items) == 4
    assert all(item["root_id"] and item["doc"]["roots"] for item in items)
    assert "#212121" in json.dumps(items[0]["doc"])
    assert 'data-slot="host a"' in html
    assert "<b>" not in html


def test_no_coordinator_leaves_a_sentence_that_refreshes_itself(paths):
    html = Dashboard("light", "/", Transport(start=False)).part("status")._repr_html_()

    assert "jupyter platform up" in html
    assert 'data-part="/jupyter-platform/dashboards/parts/status"' in html


def test_submit_leads_to_the_form_of_this_server(dashboard):
    assert 'href="/user/x/lab?submit"' in dashboard.header("Summary")._repr_html_()


def test_an_unknown_theme_is_refused(paths):
    with pytest.raises(InvalidRequestError, match="'pink'"):
        Dashboard("pink")
