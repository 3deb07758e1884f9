from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import pytest

from jupyter_platform.core.errors import (
    ConflictError,
    HostError,
    InvalidRequestError,
    NotFoundError,
)
from jupyter_platform.core.runs import PullRequest, RunId
from jupyter_platform.runtime import shim
from jupyter_platform.runtime.identity import process_start_time
from jupyter_platform.runtime.mirror import Mirror
from jupyter_platform.runtime.records import RecordWriter
from jupyter_platform.runtime.run_folder import RunFolder, run_folders
from tests.waiting import DEADLINE_S


@pytest.fixture
def folder(tmp_path, spec, ended_after_test):
    made = RunFolder.of(tmp_path / "runs", spec.run)
    made.create(spec)
    yield made
    with contextlib.suppress(HostError):
        record = made.process()
        if record is not None and made.is_alive():
            ended_after_test += [record.pid, record.shim_pid]


def start(folder, *command):
    subprocess.run(
        [sys.executable, "-I", "-S", shim.__file__, str(folder.path), "--", *command],
        check=True,
        timeout=DEADLINE_S,
    )


def pull(folder, spec, **fields):
    return folder.pull(PullRequest(run=spec.run, **fields), alive=folder.is_alive())


def test_create_is_idempotent_and_keeps_what_is_there(folder, spec):
    other = spec.model_copy(update={"name": "another"})

    assert folder.create(other) is False
    assert folder.spec() == spec
    assert [entry.name for entry in folder.path.parent.iterdir()] == ["0"]
    assert folder.path.stat().st_mode & 0o077 == 0


def test_create_that_fails_leaves_nothing(tmp_path, spec):
    folder = RunFolder(tmp_path / "0")
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "in the way").touch()

    with pytest.raises(OSError, match="not empty"):
        folder.create(spec)

    assert [entry.name for entry in tmp_path.iterdir()] == ["0"]


def test_run_folders_are_found_and_half_made_ones_are_not(tmp_path, folder, spec):
    (tmp_path / "runs" / "job-2" / "1" / ".0.abc").mkdir(parents=True)
    (tmp_path / "runs" / "job-2" / "1" / ".0.abc" / "spec.json").touch()
    (tmp_path / "runs" / "job-3" / "x" / "0").mkdir(parents=True)
    (tmp_path / "runs" / "job-3" / "x" / "0" / "spec.json").touch()

    found = run_folders(tmp_path / "runs")

    assert set(found) == {spec.run}
    assert found[spec.run].path == folder.path


def test_missing_folder_is_told(tmp_path, spec):
    answer = pull(RunFolder(tmp_path / "none"), spec)

    assert answer.missing
    assert not answer.alive


def test_alive_from_start_to_exit_record(folder, wait_for):
    assert not folder.is_alive()
    start(folder, "sleep", "60")
    assert folder.is_alive()

    assert folder.signal("kill")
    wait_for(lambda: not folder.is_alive())

    assert folder.exit().signal == 9
    assert folder.signal("kill") is False


def test_shim_that_has_not_started_its_process_counts_as_alive(folder):
    descriptor = os.open(folder.path / shim.LOCK_FILE, os.O_RDWR | os.O_CREAT)
    assert not folder.is_alive()

    shim.fcntl.flock(descriptor, shim.fcntl.LOCK_EX)

    assert folder.is_alive()
    os.close(descriptor)
    assert not folder.is_alive()


def test_process_of_another_boot_or_start_is_not_ours(folder):
    start(folder, "sleep", "60")
    record = folder.process()
    for change in ({"boot_id": "another"}, {"start_time": record.start_time + 1}):
        changed = record.model_copy(update={"shim_pid": 2**22 + 1, **change})
        (folder.path / "process.json").write_text(changed.model_dump_json())

        assert not folder.is_alive()
        assert folder.signal("kill") is False
    (folder.path / "process.json").write_text(record.model_dump_json())

    assert folder.signal("kill") is True


def test_stop_reaches_the_process_alone(folder, wait_for):
    start(
        folder,
        sys.executable,
        "-c",
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        "print('ready', flush=True)\n"
        "signal.pause()",
    )
    wait_for(lambda: "ready" in (folder.path / "output.log").read_text())

    assert folder.signal("stop")

    assert wait_for(folder.exit).code == 0


def test_kill_takes_the_whole_session(folder, wait_for):
    start(
        folder,
        sys.executable,
        "-c",
        "import subprocess, time\n"
        "child = subprocess.Popen(['sleep', '600'], process_group=0)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)",
    )
    child = int(wait_for(lambda: (folder.path / "output.log").read_text().strip()))

    assert folder.signal("kill")

    wait_for(lambda: process_start_time(child) is None)
    wait_for(folder.exit)


def test_pull_gives_only_whole_records_and_lines_at_every_cut(folder, spec, tmp_path):
    writer = RecordWriter(folder.path / "metrics" / "loss.rec")
    writer.append([1, 2, 3], [10.0, 11.0, 12.0], [0.5, 0.25, 0.125])
    writer.close()
    records = (folder.path / "metrics" / "loss.rec").read_bytes()
    events = "".join(
        f'{{"time": {n}, "kind": "message", "text": "ü"}}\n' for n in range(3)
    ).encode()

    for source, name, is_whole in (
        (records, "metrics/loss.rec", lambda data: len(data) % 24 == 0),
        (events, "events.jsonl", lambda data: not data or data.endswith(b"\n")),
    ):
        path = folder.path / name
        for cut in range(len(source) + 1):
            path.write_bytes(source[:cut])
            first = pull(folder, spec).chunks.get(name, b"")
            path.write_bytes(source)
            rest = pull(folder, spec, offsets={name: len(first)}).chunks.get(name, b"")

            assert is_whole(first)
            assert first + rest == source
        path.write_bytes(b"")


@pytest.mark.parametrize("limit", [0, 1, 24, 100, 1000, 4_000_000])
def test_pulls_of_any_limit_add_up_to_the_files(folder, spec, tmp_path, limit):
    with RecordWriter(folder.path / "metrics" / "loss.rec") as writer:
        writer.append(range(50), [0.0] * 50, [1.0] * 50)
    with RecordWriter(folder.path / "metrics" / "val%20loss.rec") as writer:
        writer.append(range(5), [0.0] * 5, [1.0] * 5)
    (folder.path / "events.jsonl").write_text("x" * 300 + "\n" + "y\n" * 20)
    (folder.path / "output.log").write_bytes(os.urandom(2000))
    mirror = Mirror(tmp_path / "mirror")

    for _ in range(10_000):
        answer = pull(folder, spec, offsets=mirror.offsets(), limit=limit)
        mirror.append(answer.chunks)
        if not answer.more:
            break

    for name in ("events.jsonl", "output.log", "metrics/loss.rec", "metrics/val%20loss.rec"):
        assert mirror.path(name).read_bytes() == (folder.path / name).read_bytes()


def test_whole_files_come_once_per_change(folder, spec):
    (folder.path / "progress.json").write_text('{"step": 1}')
    first = pull(folder, spec).files["progress.json"]
    again = pull(folder, spec, tokens={"progress.json": first.token}).files["progress.json"]
    (folder.path / "new").write_text('{"step": 2}')
    (folder.path / "new").rename(folder.path / "progress.json")

    changed = pull(folder, spec, tokens={"progress.json": first.token}).files["progress.json"]

    assert first.content == '{"step": 1}'
    assert (again.token, again.content) == (first.token, None)
    assert changed.content == '{"step": 2}'
    assert folder.progress().step == 2


def test_answer_that_says_not_alive_is_complete(folder, spec, wait_for):
    start(folder, "sh", "-c", "echo last words; exit 4")

    answer = wait_for(lambda: (got := pull(folder, spec)) and not got.alive and got)

    assert answer.chunks["output.log"] == b"last words\n"
    assert '"code": 4' in answer.files["exit.json"].content
    assert "process.json" in answer.files


def test_pull_follows_no_link(folder, spec, tmp_path):
    (tmp_path / "secret").write_text("secret\n")
    (folder.path / "output.log").symlink_to(tmp_path / "secret")
    (folder.path / "metrics" / "loss.rec").symlink_to(tmp_path / "secret")
    (folder.path / "result.json").symlink_to(tmp_path / "secret")

    answer = pull(folder, spec)

    assert answer.chunks == {}
    assert answer.files == {}


def test_read_gives_parts_of_files_inside(folder):
    (folder.path / "checkpoint" / "000000000005").mkdir(parents=True)
    (folder.path / "checkpoint" / "000000000005" / "state.pt").write_bytes(b"0123456789")

    assert folder.read("checkpoint/000000000005/state.pt", 2, 3) == b"234"
    assert folder.read("checkpoint/000000000005/state.pt", 8, 100) == b"89"
    assert folder.read("checkpoint/000000000005/state.pt", 50, 1) == b""


@pytest.mark.parametrize("path", ["../0/../../secret", "/etc/passwd", "", "..", "a\0b", "metrics"])
def test_read_refuses_to_leave_the_folder(folder, path):
    with pytest.raises(InvalidRequestError):
        folder.read(path, 0, 10)


def test_read_refuses_links_and_pipes_and_names_what_is_missing(folder, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (folder.path / "file").symlink_to(tmp_path / "secret")
    (folder.path / "folder").symlink_to(tmp_path)
    os.mkfifo(folder.path / "pipe")

    for path in ("file", "folder/secret", "pipe"):
        with pytest.raises(InvalidRequestError, match=path.split("/")[0]):
            folder.read(path, 0, 10)
    with pytest.raises(NotFoundError, match="weights/best"):
        folder.read("weights/best", 0, 10)
    with pytest.raises(InvalidRequestError, match="-1"):
        folder.read("spec.json", -1, 10)


def test_remove_refuses_the_living_and_cleans_up_after_the_dead(folder, tmp_path, wait_for):
    start(folder, "sleep", "60")
    with pytest.raises(ConflictError):
        folder.remove()
    folder.signal("kill")
    wait_for(lambda: not folder.is_alive())

    folder.remove()
    folder.remove()

    assert list((tmp_path / "runs").iterdir()) == []


def test_damaged_record_is_told_by_name(folder):
    (folder.path / "process.json").write_text('{"pid": "x"')

    with pytest.raises(HostError, match="process.json is damaged"):
        folder.process()


def test_run_id_must_be_whole():
    with pytest.raises(ValueError, match="not enough values"):
        RunId.parse("job-1/2")
