"""Scripts and modules run as jobs."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from tests.running.conftest import Run, until

Start = Callable[..., Run]


def test_a_script_runs_as_main_with_its_arguments_in_its_folder(start: Start, tmp_path: Path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "helper.py").write_text("NAME = 'neighbour'\n")
    code = (
        "import os, sys, helper\n"
        "print(__name__, sys.argv[1:], helper.NAME, os.getcwd() == os.path.dirname(__file__))\n"
        "print(os.environ['SEED'], os.environ['OMP_NUM_THREADS'])\n"
    )
    run = start(
        code,
        script=str(folder / "train.py"),
        working_folder=str(folder),
        arguments=["--lr", "0.1"],
        variables={"SEED": "3", "OMP_NUM_THREADS": "2"},
    )
    result = run.wait()
    assert result is not None
    assert (result.status, result.result["exit_code"]) == ("finished", 0), run.log()
    assert "__main__ ['--lr', '0.1'] neighbour True\n3 2\n" in run.log()


def test_what_runs_is_the_script_as_it_was_submitted(start: Start, tmp_path: Path):
    script = tmp_path / "train.py"
    script.write_text("print('changed since')\n")
    run = start("print('as submitted')\n", script=str(script), working_folder=str(tmp_path))
    run.wait()
    assert "as submitted" in run.log()
    assert "changed since" not in run.log()


def test_an_exception_fails_the_job_with_its_own_traceback(start: Start):
    run = start("def f():\n    raise KeyError('lost')\n\nf()\n")
    result = run.wait()
    assert result is not None
    assert result.status == "failed"
    assert result.error is not None
    assert (result.error.type, result.error.message) == ("KeyError", "'lost'")
    assert result.error.traceback is not None
    assert "raise KeyError('lost')" in result.error.traceback
    assert "launcher.py" not in result.error.traceback + run.log()
    assert result.result["exit_code"] == 1


def test_an_exit_code_is_success_or_failure(start: Start):
    failed, ended = start("raise SystemExit(3)\n"), start("raise SystemExit(0)\n")
    result = failed.wait()
    assert result is not None
    assert result.status == "failed"
    assert result.error is not None
    assert result.error.message == "train.py ended with exit code 3."
    last = ended.wait()
    assert last is not None
    assert last.status == "finished"


def test_a_crash_names_the_signal(start: Start):
    result = start("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n").wait()
    assert result is not None
    assert result.error is not None
    assert result.error.message == "train.py was ended by signal 11 (SIGSEGV)."


def test_a_script_that_something_kills_counts_as_killed_and_may_be_tried_again(start: Start):
    run = start("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    assert run.wait() is None
    end = run.folder.exit()
    assert end is not None
    assert end.signal == signal.SIGKILL


def test_a_module_of_the_working_folder_runs(start: Start, tmp_path: Path):
    package = tmp_path / "project" / "pack"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "train.py").write_text("import sys\nprint(__name__, __package__, sys.argv[1:])\n")
    run = start(module="pack.train", working_folder=str(package.parent), arguments=["x"])
    result = run.wait()
    assert result is not None
    assert result.status == "finished", run.log()
    assert "__main__ pack ['x']" in run.log()


def test_stop_ends_the_whole_tree(start: Start, tmp_path: Path):
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
        " start_new_session=True)\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
        "print('ready')\ntime.sleep(600)\n"
    )
    run = start(code)
    until(lambda: "ready" in run.log(), run.log())
    run.folder.signal("stop")
    result = run.wait()
    assert result is not None
    assert result.status == "stopped", run.log()
    pid = int((tmp_path / "pid").read_text())
    assert not Path(f"/proc/{pid}").exists()


def test_a_script_may_end_well_on_sigterm(start: Start):
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('checkpoint written'), sys.exit(0)))\n"
        "print('ready')\ntime.sleep(600)\n"
    )
    run = start(code)
    until(lambda: "ready" in run.log(), run.log())
    run.folder.signal("stop")
    result = run.wait()
    assert result is not None
    assert result.status == "stopped"
    assert "checkpoint written" in run.log()


def test_the_time_limit_ends_it_and_says_so(start: Start):
    run = start("import time\nprint('begun')\ntime.sleep(600)\n", max_time=1)
    result = run.wait()
    assert result is not None
    assert result.status == "failed"
    assert result.error is not None
    assert result.error.type == "TimeLimit"
    assert "max_time" in result.error.message


def test_declared_outputs_are_kept_and_missing_ones_told(start: Start):
    code = (
        "import os\nos.makedirs('results/deep')\n"
        "open('results/a.csv', 'w').write('1')\nopen('results/deep/b.csv', 'w').write('2')\n"
        "open('other.txt', 'w').write('3')\n"
    )
    run = start(code, outputs="results/**/*.csv,model.pt")
    result = run.wait()
    assert result is not None
    assert result.result["outputs"] == ["results/a.csv", "results/deep/b.csv"], run.log()
    assert result.result["missing_outputs"] == ["model.pt"]
    assert "model.pt" in run.warnings()[0]
    assert run.kept("results/deep/b.csv").read_text() == "2"
    told = [item.model_extra["file"] for item in run.events("file")]
    assert told == ["files/results/a.csv", "files/results/deep/b.csv"]


def test_another_environment_runs_it_and_can_report_without_the_platform(
    start: Start, bare_python: Path
):
    code = (
        "import sys\nfrom jupyter_platform import report\n"
        "for step in range(5):\n    report(step, total=5, loss=1 / (step + 1))\n"
        "print(sys.prefix)\n"
    )
    run = start(code, python=str(bare_python))
    result = run.wait()
    assert result is not None
    assert result.status == "finished", run.log()
    assert str(bare_python) in run.log()
    assert run.curve("loss") == [(step, 1 / (step + 1)) for step in range(5)]


def test_an_environment_that_is_not_there_fails_with_a_sentence(start: Start):
    run = start("print(1)\n", python="/nowhere/venv")
    result = run.wait()
    assert result is not None
    assert result.error is not None
    assert "python = '/nowhere/venv'" in result.error.message
    named = start("print(1)\n", python="no-such-kernel").wait()
    assert named is not None
    assert named.error is not None
    assert "no-such-kernel" in named.error.message


def test_a_folder_that_is_not_there_fails_with_a_sentence(start: Start):
    result = start("print(1)\n", working_folder="/nowhere").wait()
    assert result is not None
    assert result.error is not None
    assert "working_folder = '/nowhere'" in result.error.message


def test_a_pickle_of_main_and_a_spawned_process_work(start: Start, tmp_path: Path):
    script = tmp_path / "train.py"
    code = (
        "import multiprocessing, pickle\n"
        "from jupyter_platform import report\n"
        "class Point:\n    x = 3\n"
        "def work(n):\n    report(n, part=n)\n    return n * 2\n"
        "if __name__ == '__main__':\n"
        "    assert pickle.loads(pickle.dumps(Point())).x == 3\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(pool.map(work, [1, 2, 3]))\n"
        "        pool.close(); pool.join()\n"
    )
    script.write_text(code)
    run = start(code, script=str(script), working_folder=str(tmp_path))
    result = run.wait()
    assert result is not None
    assert result.status == "finished", run.log()
    assert "[2, 4, 6]" in run.log()
    assert run.curve("part") == [(1, 1.0), (2, 2.0), (3, 3.0)]


def test_stderr_and_stdout_are_in_the_log_as_they_come(start: Start, tmp_path: Path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    code = (
        f"import sys\nprint('first')\nprint('bad', file=sys.stderr)\nopen({str(gate)!r}).read()\n"
    )
    run = start(code, variables={"PYTHONUNBUFFERED": "1"})
    until(lambda: "first" in run.log() and "bad" in run.log(), "nothing printed")
    gate.write_text("")
    assert run.wait() is not None
