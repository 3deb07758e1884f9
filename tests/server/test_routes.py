"""Every route of ours, found in the running server: only the public ones answer without login."""

import re

from tornado.httpclient import HTTPClientError

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
PUBLIC = {
    "jupyter-platform/catalogue",
    "jupyter-platform/catalogue/items/hosts",
    "jupyter-platform/catalogue/items/hosts/metadata.ttl",
}
SAMPLES = {
    r"/jupyter-platform/?": "/jupyter-platform/",
    r"/catalogue/?": "/catalogue",
    "(metadata|provenance).(json|jsonld|ttl)": "metadata.ttl",
    "([0-9a-f]{4,12})": "0123456789ab",
    "([0-9a-f]{12})": "0123456789ab",
    "(api|ide|monitor|ui|custom)": "api",
    r"([^/]+)": "hosts",
    r"([^/]*)": "summary",
    r"(.*)": "js/bokeh.min.js",
}


def our_paths(app) -> list[str]:
    found = []
    for rule in app.wildcard_router.rules + app.default_router.rules:
        for inner in getattr(rule.target, "rules", [rule]):
            pattern = getattr(getattr(inner, "matcher", None), "regex", None)
            if pattern is not None and "jupyter-platform" in pattern.pattern:
                found.append(sample_of(pattern.pattern))
    return found


def sample_of(pattern: str) -> str:
    path = re.sub(r"\\(.)", r"\1", pattern.rstrip("$"))
    path = path[path.index("/jupyter-platform") :]
    for placeholder, value in SAMPLES.items():
        path = path.replace(placeholder, value)
    return path.lstrip("/")


async def test_nothing_of_ours_answers_without_login(coordinator, jp_serverapp, jp_fetch):
    paths = our_paths(jp_serverapp.web_app)
    assert len(paths) == 15 + len(PUBLIC)
    assert set(paths) >= PUBLIC
    answers = {}

    for path in paths:
        for method in METHODS:
            body = "{}" if method in ("POST", "PUT", "PATCH") else None
            try:
                answer = await jp_fetch(
                    *path.split("/"),
                    method=method,
                    body=body,
                    headers={"Authorization": ""},
                    follow_redirects=False,
                )
            except HTTPClientError as error:
                answers[path, method] = error.code
            else:
                answers[path, method] = answer.code

    unlocked = {key: code for key, code in answers.items() if code not in (302, 403, 405)}
    # The list answers; there is no item of that name.
    assert unlocked.pop(("jupyter-platform/catalogue", "GET")) == 200
    assert {unlocked.pop((path, "GET")) for path in PUBLIC if path.count("/") > 1} == {404}
    assert unlocked == {}
    assert {code for (path, method), code in answers.items() if method == "POST"} <= {403, 405}
    assert coordinator.requests == []
