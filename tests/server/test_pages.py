"""Pages that the server renders itself, and what live pages fetch."""

import json

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_platform.client.representation import JOB_MIME, JOBS_MIME
from jupyter_platform.server.pages import bokeh_static_path

PAGE = "jupyter-platform"


async def refused(fetching) -> HTTPClientError:
    with pytest.raises(HTTPClientError) as error:
        await fetching
    return error.value


@pytest.mark.parametrize("path", [(PAGE,), (PAGE, "")])
async def test_the_index_lists_the_dashboards_and_starts_nothing(
    coordinator, jp_fetch, jp_base_url, path
):
    page = (await jp_fetch(*path)).body.decode()

    for name in ("summary", "infrastructure"):
        assert f'href="{jp_base_url}jupyter-platform/dashboards/{name}"' in page
    assert coordinator.requests == []


async def test_the_index_hands_its_theme_on(jp_fetch):
    page = (await jp_fetch(PAGE, "", params={"theme": "dark"})).body.decode()

    assert 'data-theme="dark"' in page
    assert "dashboards/summary?theme=dark" in page


@pytest.mark.parametrize("path", [(PAGE, ""), (PAGE, "dashboards", "summary")])
async def test_a_theme_never_becomes_part_of_the_page(jp_fetch, path):
    error = await refused(jp_fetch(*path, params={"theme": '"><script>alert(1)</script>'}))

    assert error.code == 400
    assert b"<script>alert" not in error.response.body
    assert b"accepted: light, dark" in error.response.body


async def test_a_job_has_an_address_that_a_token_can_be_appended_to(jp_fetch, jp_base_url):
    led = await refused(jp_fetch(PAGE, "jobs", "0123456789ab", follow_redirects=False))

    assert led.code == 302
    assert led.response.headers["Location"] == f"{jp_base_url}lab?job=0123456789ab"


async def test_an_anonymous_visitor_is_led_to_the_login(jp_fetch):
    error = await refused(jp_fetch(PAGE, "", headers={"Authorization": ""}, follow_redirects=False))

    assert error.code == 302
    assert "/login?next=" in error.response.headers["Location"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (("static", "dashboard.js"), "javascript"),
        (("static", "dashboard.css"), "css"),
        (("bokeh", "static", "js", "bokeh.min.js"), "javascript"),
    ],
)
async def test_scripts_and_styles_are_served_and_cached(jp_fetch, path, kind):
    answer = await jp_fetch(PAGE, *path, params={"v": "1"})

    assert kind in answer.headers["Content-Type"]
    assert "max-age=" in answer.headers["Cache-Control"]


def test_bokeh_is_where_bokeh_says():
    from bokeh.util.paths import static_path  # noqa: PLC0415 - slow, and only wanted here

    assert bokeh_static_path() == static_path()


async def test_a_part_counts_as_the_api_does(real_platform, jp_fetch):
    page = (await jp_fetch(PAGE, "dashboards", "parts", "status")).body.decode()

    status = real_platform.status()
    assert f"{status.hosts} up" in page
    assert f"{status.slots.busy} of {status.slots.total}" in page


async def test_an_unknown_part_is_named(coordinator, jp_fetch):
    error = await refused(jp_fetch(PAGE, "dashboards", "parts", "hots"))

    assert error.code == 404
    assert "Did you mean 'hosts'?" in json.loads(error.response.body)["message"]


async def test_an_output_keeps_how_a_job_ended(real_platform, jp_fetch, answer_of):
    job = real_platform.submit(
        "LEARN", "mlp", "iris", name="kept", max_iterations=20, validation_interval=10
    )
    job.wait(60, raise_on_failure=True)

    bundle = answer_of(await jp_fetch(PAGE, "api", "outputs", "jobs", job.id, method="GET"))

    assert bundle == job._repr_mimebundle_()
    assert bundle[JOB_MIME]["final"] is True
    assert "<svg" in bundle["text/html"]
    assert job.record.headline.text in bundle["text/html"]


async def test_an_output_keeps_a_list_of_jobs(real_platform, jp_fetch, answer_of):
    job = real_platform.submit("LEARN", "mlp", "iris", name="listed", max_iterations=1)
    job.wait(60, raise_on_failure=True)
    ids = f"0123456789ab,{job.id}"

    answer = await jp_fetch(PAGE, "api", "outputs", "jobs", params={"ids": ids, "total": 7})

    bundle = answer_of(answer)
    assert bundle[JOBS_MIME] == {
        "version": 1,
        "jobs": [{"id": job.id, "name": "listed"}],
        "total": 7,
        "final": True,
    }
    assert "1 of 7 shown" in bundle["text/html"]


async def test_there_is_no_output_of_an_unknown_job(real_platform, jp_fetch):
    error = await refused(jp_fetch(PAGE, "api", "outputs", "jobs", "0123456789ab"))

    assert error.code == 404


async def test_a_host_has_columns_for_its_plots(real_platform, jp_fetch):
    (host,) = real_platform.hosts()

    answer = await jp_fetch(
        PAGE, "api", "columns", "hosts", host.description.name, params={"span": "day"}
    )

    columns = json.loads(answer.body)
    assert {"time", "ago", "cpu", "memory", "disk", "sent", "received"} <= set(columns)
    assert {len(column) for column in columns.values()} == {len(columns["time"])}
    assert all(-24 <= ago <= 0.1 for ago in columns["ago"])
    assert columns["memory"][-1] > 0


@pytest.mark.parametrize(
    ("name", "span", "code", "words"),
    [
        ("nobody", "live", 404, "Unknown host 'nobody'"),
        ("nobody", "week", 400, "accepted: live, day"),
    ],
)
async def test_bad_columns_are_refused_by_name(real_platform, jp_fetch, name, span, code, words):
    error = await refused(jp_fetch(PAGE, "api", "columns", "hosts", name, params={"span": span}))

    assert error.code == code
    assert words in json.loads(error.response.body)["message"]
