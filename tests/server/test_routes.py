"""Every route of ours, found in the running server: none answers without a login."""

import re

import pytest
from tornado.httpclient import HTTPClientError

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
SAMPLES = {
    r"/jupyter-platform/?": "/jupyter-platform/",
    "([0-9a-f]{4,12})": "0123456789ab",
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
    assert len(paths) == 13
    answers = {}

    for path in paths:
        for method in METHODS:
            body = "{}" if method in ("POST", "PUT", "PATCH") else None
            with pytest.raises(HTTPClientError) as refused:
                await jp_fetch(
                    *path.split("/"),
                    method=method,
                    body=body,
                    headers={"Authorization": ""},
                    follow_redirects=False,
                )
            answers[path, method] = refused.value.code

    unlocked = {key: code for key, code in answers.items() if code not in (302, 403, 405)}
    assert unlocked == {}
    assert {code for (path, method), code in answers.items() if method == "POST"} <= {403, 405}
    assert coordinator.requests == []
