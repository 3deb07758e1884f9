"""Scripts and modules: a child with an interpreter of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

from jupyter_platform.core.jobs import JobErrorRecord
from jupyter_platform.core.runs import RunResult
from jupyter_platform.core.units import format_duration
from jupyter_platform.running import launcher
from jupyter_platform.running.context import RunContext
from jupyter_platform.running.outputs import keep_outputs
from jupyter_platform.runtime.environments import find_environment
from jupyter_platform.runtime.stopping import GRACE_S, end_tree, wait_for

ERROR_FILE = "error.json"


def run(context: RunContext) -> RunResult:
    """Run a script or a module to its end.

    Returns
    -------
    RunResult
        ``finished`` with exit code 0, else ``failed``; ``stopped`` where a stop was asked for.
    """
    environment = find_environment(context.options.python)
    interpreter = context.require_python(environment)
    folder = context.working_folder()
    error_file = context.folder / ERROR_FILE
    error_file.unlink(missing_ok=True)
    command = [interpreter, launcher.__file__, str(error_file), *_target(context, folder)]
    context.phase(f"running {context.options.code_name}")
    child = subprocess.Popen(
        [*command, *(context.options.arguments or ())],
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=context.variables(environment),
        start_new_session=True,
    )
    ended = wait_for(child, context.stop, context.options.max_time)
    if not ended and not end_tree(child):
        context.warn(f"It did not end within {GRACE_S:g} s of SIGTERM and was killed.")
    if ended and child.returncode == -signal.SIGKILL:
        # Somebody else did: lack of memory as a rule. The shim tells, and another attempt follows.
        os.kill(os.getpid(), signal.SIGKILL)
    kept = keep_outputs(context, folder)
    result = {"exit_code": child.returncode, "working_folder": str(folder), **kept}
    if not ended and context.stop.requested:
        return RunResult(status="stopped", result=result)
    error = out_of_time(context.options.max_time) if not ended else _error(context, child)
    status = "finished" if error is None else "failed"
    return RunResult(status=status, result=result, error=error)


def out_of_time(max_time: float | None) -> JobErrorRecord:
    """Return the error of a job that took longer than it was allowed."""
    told = format_duration(max_time or 0)
    return JobErrorRecord(type="TimeLimit", message=f"It ran longer than max_time = {told}.")


def _target(context: RunContext, folder: Path) -> list[str]:
    if context.options.module is not None:
        return ["module", context.options.module]
    code = context.code_path()
    shown = Path(context.options.script or "").expanduser()
    if not shown.is_absolute() or not shown.parent.is_dir():
        # Submitted from elsewhere: it stands as if it lay in the working folder.
        shown = folder / shown.name
    return ["script", str(code), str(shown)]


def _error(context: RunContext, child: subprocess.Popen[bytes]) -> JobErrorRecord | None:
    """Return why a child that has ended by itself has failed; None where it has not."""
    code, name = child.returncode, context.options.code_name
    if code == 0:
        return None
    if code < 0:
        try:
            shown = f" ({signal.Signals(-code).name})"
        except ValueError:
            shown = ""
        return JobErrorRecord(type="Signal", message=f"{name} was ended by signal {-code}{shown}.")
    try:
        return JobErrorRecord.model_validate(
            json.loads((context.folder / ERROR_FILE).read_text(encoding="utf-8"))
        )
    except (OSError, ValueError):
        return JobErrorRecord(type="ExitCode", message=f"{name} ended with exit code {code}.")
