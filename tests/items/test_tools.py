"""Tools of the marketplace: a development environment, and a monitor."""

import os
import stat
import subprocess

import pytest
from jupyter_server.auth import passwd

from jupyter_platform import Platform
from tests.waiting import until

CODE_SERVER = """#!/usr/bin/env python3
import http.server, json, os, socketserver, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"arguments": sys.argv[1:], "path": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
class Server(socketserver.UnixStreamServer):
    def get_request(self):
        return super().get_request()[0], ("", 0)
place = next(word.partition("=")[2] for word in sys.argv if word.startswith("--socket="))
Server(place, Handler).serve_forever()
"""


@pytest.mark.slow
def test_a_jupyterlab_of_its_own_answers_below_its_prefix(running_item, tmp_path):
    work = tmp_path / "work"
    with running_item("development-environment", work=str(work)) as item:
        page = until(lambda: _page(item, "lab"), item.log)
        assert "JupyterLab" in page.text
        assert '"baseUrl": "/base/ide/"' in page.text
        (work / "mine.txt").write_text("hello")
        listed = item.http.get("api/contents/").json()["content"]
        assert "mine.txt" in [entry["name"] for entry in listed]
        xsrf = {"X-XSRFToken": item.http.cookies["_xsrf"]}
        made = item.http.post("api/kernels", json={}, headers=xsrf)
        assert made.status_code == 201, made.text
        # Nothing of it listens where others of the machine come to.
        ports = [word for word in item.log().split() if word.startswith("http://")]
        assert not ports
        place = next(item.path.parent.glob("s/ide.sock"))
        assert stat.S_IMODE(os.stat(place).st_mode) == 0o600


def _page(item, path):
    answer = item.http.get(path, follow_redirects=True)
    return answer if answer.status_code == 200 else None


def test_vs_code_is_started_where_code_server_is_found(running_item, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "code-server"
    program.parent.mkdir()
    program.write_text(CODE_SERVER)
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    chosen = {"item": {"editor": "VS Code"}}
    work = tmp_path / "work"
    with running_item("development-environment", configuration=chosen, work=str(work)) as item:
        found = item.http.get("").json()
        assert "--auth=none" in found["arguments"]
        assert "--abs-proxy-base-path=/base/ide/" in found["arguments"]
        assert found["arguments"][-1] == str(work)


@pytest.mark.slow
def test_an_item_is_developed_behind_a_password(running_item, tmp_path):
    work, hashed = tmp_path / "work", passwd("correct horse")
    chosen = {"general": {"password_hash": hashed}}
    with running_item(
        "tabular-classifier", service="ide", purpose="develop", configuration=chosen, work=str(work)
    ) as item:
        assert (work / "tabular-classifier" / "tabular_classifier.py").is_file()
        assert item.http.get("api/contents/").status_code == 403
        item.http.get("login")
        form = {"password": "correct horse", "_xsrf": item.http.cookies["_xsrf"]}
        assert item.http.post("login", data=form).status_code == 302
        listed = item.http.get("api/contents/").json()["content"]
        assert [entry["name"] for entry in listed] == ["tabular-classifier"]
        (program,) = item.path.glob("bin/deep-start")
        subprocess.run([program, "--deepaas"], check=True)
        until((item.path.parent / "s" / "api.sock").exists, item.log)


def test_an_editor_that_is_missing_is_named(running_item, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    chosen = {"item": {"editor": "VS Code"}}
    with (
        pytest.raises(AssertionError, match="There is no code-server on the PATH of host"),
        running_item("development-environment", configuration=chosen),
    ):
        pass


def test_the_monitor_shows_the_curves_of_jobs_that_run(running_item, platform: Platform):
    job = platform.submit(
        "LEARN", "lenet-digits", "digits", max_iterations=-1, validation_interval=50
    )
    try:
        with running_item("training-monitor") as item:
            assert "Training monitor" in item.http.get("").text

            def drawn():
                answer = item.http.get("curves.json").json()
                assert answer["problem"] is None
                mine = [found for found in answer["jobs"] if found["id"] == job.id]
                return mine and mine[0]["series"].get("validation_accuracy") and mine[0]

            shown = until(drawn, item.log, pause_s=0.5)
            assert shown["type"] == "LEARN"
            steps = [step for step, _ in shown["series"]["loss"]]
            assert steps == sorted(steps)
            assert len(steps) <= 601
            assert item.http.get("other").status_code == 404
    finally:
        job.stop()
