from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_platform.core.runs import ExitRecord, ProcessRecord
from jupyter_platform.runtime import shim
from jupyter_platform.runtime.identity import boot_id, is_same_process, process_start_time
from tests.waiting import DEADLINE_S

SHIM = [sys.executable, "-I", "-S", shim.__file__]


@pytest.fixture
def folder(tmp_path, ended_after_test):
    yield tmp_path
    if (tmp_path / "process.json").is_file():
        record = json.loads((tmp_path / "process.json").read_text())
        if is_same_process(record["shim_pid"], record["shim_start_time"], record["boot_id"]):
            ended_after_test.append(record["shim_pid"])
        if is_same_process(record["pid"], record["start_time"], record["boot_id"]):
            ended_after_test.append(record["pid"])


def run(folder: Path, *command: str) -> ProcessRecord:
    subprocess.run([*SHIM, str(folder), "--", *command], check=True, timeout=DEADLINE_S)
    return ProcessRecord.model_validate_json((folder / "process.json").read_bytes())


def ended(folder: Path) -> ExitRecord | None:
    path = folder / "exit.json"
    return ExitRecord.model_validate_json(path.read_bytes()) if path.exists() else None


def test_process_record_names_the_living_process(folder):
    record = run(folder, "sleep", "60")

    assert record.boot_id == boot_id()
    assert record.start_time == process_start_time(record.pid)
    assert record.shim_start_time == process_start_time(record.shim_pid)
    assert os.getsid(record.pid) == record.pid
    assert os.getsid(record.shim_pid) == record.shim_pid


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_exit_code_is_recorded(folder, wait_for, code):
    run(folder, "sh", "-c", f"echo out; echo err >&2; exit {code}")

    record = wait_for(lambda: ended(folder))

    assert (record.code, record.signal) == (code, None)
    assert record.max_rss > 100_000
    assert (folder / "output.log").read_text() == "out\nerr\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_signal_is_recorded(folder, wait_for, number):
    process = run(folder, "sleep", "60")
    os.kill(process.pid, number)

    record = wait_for(lambda: ended(folder))

    assert (record.code, record.signal) == (None, number)


def test_command_that_cannot_run_is_127_with_the_reason_in_the_log(folder, wait_for):
    run(folder, "/no/such/program")

    record = wait_for(lambda: ended(folder))

    assert record.code == 127
    assert "'/no/such/program'" in (folder / "output.log").read_text()
    assert "No such file" in (folder / "output.log").read_text()


def test_shim_survives_kill_of_its_starter_and_signals_to_itself(
    folder, wait_for, tmp_path_factory
):
    script = (
        "import subprocess, sys, time\n"
        f"subprocess.run({[*SHIM, str(folder), '--', 'sh', '-c', 'read x < gate; exit 7']!r})\n"
        "time.sleep(600)"
    )
    os.mkfifo(folder / "gate")
    starter = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    try:
        wait_for((folder / "process.json").exists)
    finally:
        os.killpg(starter.pid, signal.SIGKILL)
        starter.wait()
    process = ProcessRecord.model_validate_json((folder / "process.json").read_bytes())
    os.kill(process.shim_pid, signal.SIGTERM)
    os.kill(process.shim_pid, signal.SIGHUP)

    with open(folder / "gate", "w") as gate:
        gate.write("go\n")

    assert wait_for(lambda: ended(folder)).code == 7


def test_process_ignores_nothing_that_the_shim_ignores(folder, wait_for):
    run(folder, "sh", "-c", "grep -E 'Sig(Ign|Blk)' /proc/self/status")
    wait_for(lambda: ended(folder))

    masks = [int(line.split()[1], 16) for line in (folder / "output.log").read_text().splitlines()]
    # The C library keeps the first real-time signals for itself; nobody can set them.
    settable = sum(1 << (number - 1) for number in signal.valid_signals())
    assert [mask & settable for mask in masks] == [0, 0]


def test_second_shim_leaves_a_run_alone(folder, wait_for):
    first = run(folder, "sleep", "60")

    second = run(folder, "touch", str(folder / "second"))

    assert second == first
    os.kill(first.pid, signal.SIGKILL)
    wait_for(lambda: ended(folder))
    assert run(folder, "touch", str(folder / "second")) == first
    assert not (folder / "second").exists()


def test_what_the_process_left_behind_is_ended_with_it(folder, wait_for):
    run(folder, "sh", "-c", "sleep 600 & echo $! > left; exit 0")
    wait_for(lambda: ended(folder))

    left = int((folder / "left").read_text())

    wait_for(lambda: process_start_time(left) is None)


def test_process_never_begins_when_its_shim_dies_before_noting_it(folder, wait_for):
    reader, writer = os.pipe()
    doomed = os.fork()
    if not doomed:
        pid = shim.fork(str(folder), lambda: (folder / "began").touch())
        os.write(writer, str(pid).encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(doomed, 0)

    pid = int(os.read(reader, 20))

    wait_for(lambda: process_start_time(pid) is None)
    assert not (folder / "began").exists()


def test_unwritable_process_record_starts_nothing(folder, wait_for):
    (folder / "process.json").mkdir()
    (folder / "process.json" / "in the way").touch()
    (folder / "process.json").rename(folder / "aside")
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:

            def start() -> int:
                pid = shim.fork(str(folder), lambda: (folder / "began").touch())
                (folder / "aside").rename(folder / "process.json")
                os.write(writer, str(pid).encode())
                return pid

            shim.supervise(str(folder), start)
        except OSError:
            code = 42
        finally:
            os._exit(code)

    _, status = os.waitpid(child, 0)
    pid = int(os.read(reader, 20))
    wait_for(lambda: process_start_time(pid) is None)

    assert os.waitstatus_to_exitcode(status) == 42
    assert not (folder / "began").exists()


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ("print('hello')", 0, "hello\n"),
        ("raise SystemExit(5)", 5, ""),
        ("raise SystemExit('enough')", 1, "enough\n"),
        ("raise ValueError('bad')", 1, "ValueError: bad\n"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", None, ""),
    ],
)
def test_forked_body_ends_as_python_does(folder, wait_for, body, code, text):
    script = (
        "from jupyter_platform.runtime import shim\n"
        f"def body():\n    exec({body!r})\n"
        f"folder = {str(folder)!r}\n"
        "raise SystemExit(shim.supervise(folder, lambda: shim.fork(folder, body)))"
    )
    subprocess.run([sys.executable, "-c", script], check=False, timeout=DEADLINE_S)

    record = ended(folder)

    assert record is not None
    assert record.code == code
    assert record.signal == (None if code is not None else signal.SIGTERM)
    assert (folder / "output.log").read_text().endswith(text)


def test_signal_right_after_the_start_is_never_lost(tmp_path):
    previous = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        for _ in range(30):
            pid = shim.fork_gated(str(tmp_path / "log"), "/", lambda: shim.execute(["sleep", "60"]))
            os.kill(pid, signal.SIGTERM)
            shim.release(pid)

            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGTERM
    finally:
        signal.signal(signal.SIGTERM, previous)


def test_usage_is_told(tmp_path):
    done = subprocess.run([*SHIM, str(tmp_path)], capture_output=True, text=True, check=False)
    missing = subprocess.run(
        [*SHIM, str(tmp_path / "none"), "--", "true"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, missing.returncode) == (2, 2)
    assert "usage" in done.stderr
    assert "is no folder" in missing.stderr


def test_what_took_a_session_of_its_own_ends_with_the_run(folder, wait_for, tmp_path):
    """Daemons (forked twice, in sessions of their own) and what they start are found, too."""
    pids = tmp_path / "pids"
    daemon = (
        "import os, sys, time\n"
        "def note(): open(sys.argv[1], 'a').write(f'{os.getpid()}\\n')\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        os.setsid(); note()\n"
        "        if os.fork() == 0: note()\n"
        "        time.sleep(600)\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "while len(open(sys.argv[1], 'a+').read() or open(sys.argv[1]).read().split()) < 2: "
        "time.sleep(0.01)\n"
    )

    run(folder, sys.executable, "-c", daemon, str(pids))

    record = wait_for(lambda: ended(folder))
    assert record.code == 0
    left = [int(pid) for pid in pids.read_text().split()]
    assert len(left) == 2
    for pid in left:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
