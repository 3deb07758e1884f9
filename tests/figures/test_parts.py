from datetime import timedelta

import pytest

from jupyter_platform.core.errors import NotFoundError
from jupyter_platform.figures.parts import PARTS, View, part

from .conftest import NOW

VIEW = View("/user/x/", NOW)
STATUS = {
    "version": "0.1.0",
    "protocol": 1,
    "started_at": NOW.isoformat(),
    "uptime_s": 7500.0,
    "owner": "ada",
    "data_dir": "/data",
    "queued": 3,
    "running": 12,
    "finished": 1234,
    "hosts": 2,
    "hosts_lost": 1,
    "slots": {"total": 8, "busy": 3},
    "gpus": {"total": 2, "busy": 1},
    "types": {
        "LEARN": {"running": 2, "waiting": 1, "hosts_busy": 1},
        "ACT": {"running": 0, "waiting": 0, "hosts_busy": 0},
    },
    "hosts_idle": 1,
    "disk_free": 412_000_000_000,
    "warnings": ["Host a is <overcommitted>."],
}


def job(**fields):
    return {
        "id": "0123456789ab",
        "name": "resnet",
        "type": "LEARN",
        "owner": "ada",
        "state": "running",
        "networks": ["resnet"],
        "dataset": "cifar",
        "options": {},
        "given": {},
        "tag": None,
        "request": {},
        "submitted_at": (NOW - timedelta(hours=2)).isoformat(),
        **fields,
    }


def page(*jobs, total=None):
    return {"items": list(jobs), "total": len(jobs) if total is None else total}


def lists(**pages):
    empty = {name: page() for name in PARTS["jobs"].questions}
    return PARTS["jobs"].render(empty | pages, VIEW)


def test_status_says_what_the_api_says():
    html = PARTS["status"].render({"status": STATUS}, VIEW)

    assert "<dt>LEARN</dt><dd>2 busy, 1 waiting, on 1 of 2 hosts</dd>" in html
    assert "<dt>ACT</dt>" not in html
    assert "<dt>hosts idle</dt><dd>1</dd>" in html
    assert "12 running, 3 waiting, 1,234 ended" in html
    assert "up for 2 h 05 min" in html
    assert "412 GB free" in html
    assert "1 lost" in html
    assert "3 of 8" in html


def test_what_people_wrote_is_escaped():
    hostile = '<img src=x onerror="alert(1)"> 🎉' + "x" * 300

    html = lists(running=page(job(name=hostile)))

    assert "<img" not in html
    assert "&lt;img src=x" in html
    assert "🎉" in html
    assert "&lt;overcommitted&gt;" in PARTS["status"].render({"status": STATUS}, VIEW)


def test_a_running_job_shows_how_far_it_is_and_links_to_itself():
    progress = {
        "step": 28_400,
        "total": 40_000,
        "remaining_s": 840,
        "values": {"loss": 0.31, "validation_loss": None},
    }

    html = lists(running=page(job(progress=progress)))

    assert "it 28,400/40,000 · loss 0.310 · validation loss – · 14 min left" in html
    assert 'href="/user/x/lab?job=0123456789ab"' in html
    assert 'value="0.71"' in html


def test_a_waiting_job_shows_its_whole_sentence():
    reason = "needs 2 GPUs on one host; likely at 14:20"

    before = {"step": 51, "total": 1000}
    html = lists(waiting=page(job(state="queued", reason=reason, progress=before)))

    assert reason in html
    assert "<progress" not in html


def test_a_failed_job_says_why_in_one_line():
    error = {"type": "ValueError", "message": "labels out of range\nTraceback …"}

    html = lists(finished=page(job(state="failed", error=error)))

    assert "labels out of range" in html
    assert "Traceback" not in html


def test_states_are_told_apart_without_colour():
    states = ["running", "failed", "stopped", "finished", "cancelled", "queued"]
    html = lists(finished=page(*(job(state=state) for state in states)))

    marks = [html.split(f"</span> {state}")[0][-1] for state in states]

    assert len(set(marks)) == len(states)


def test_counts_are_those_of_the_api_not_of_the_rows():
    html = lists(finished=page(job(state="finished"), total=9876))

    assert "9,876" in html
    assert "1 of 9,876 shown" in html


def test_a_lost_host_stays_listed_and_says_since_when(make_host):
    host = make_host(state="lost", last_seen_at=NOW - timedelta(minutes=2))

    html = PARTS["hosts"].render({"hosts": [host.model_dump(mode="json")], "jobs": page()}, VIEW)

    assert "lost" in html
    assert "2 min ago" in html
    assert "2026-11-22 11:58:00 UTC" in html


def test_a_host_shows_its_facts_and_what_runs_there(make_host):
    host = make_host(gpus=2, cpus_busy=3, gpus_busy=[1], jobs=["0123456789ab", "ffff"])

    html = PARTS["hosts"].render(
        {"hosts": [host.model_dump(mode="json")], "jobs": page(job())}, VIEW
    )

    for fact in ("0123456789abcdef", "x86_64", "Linux 6.1", "10.0.0.1", "3 of 4", "16.0 GB"):
        assert fact in html
    assert "1 of 2 busy" in html
    assert ">resnet</a>" in html
    assert 'href="/user/x/lab?job=ffff"' in html


def test_no_host_says_what_to_expect():
    assert "No host has joined yet" in PARTS["hosts"].render({"hosts": [], "jobs": page()}, VIEW)


def test_notifications_name_their_level():
    item = {"id": 1, "time": NOW.isoformat(), "level": "danger", "message": "<b>", "job": "ab12"}

    html = PARTS["notifications"].render({"notifications": [item]}, VIEW)

    assert "✗ danger" in html
    assert "&lt;b&gt;" in html
    assert "lab?job=ab12" in html


@pytest.mark.parametrize("name", PARTS)
def test_every_part_asks_the_api(name):
    assert all(path.startswith("/api/") for path in PARTS[name].questions.values())


def test_an_unknown_part_is_named_with_its_nearest():
    with pytest.raises(NotFoundError, match="'hots'. Did you mean 'hosts'"):
        part("hots")
