"""The process of a RUN: ``python -m jupyter_platform.running.process RUN_FOLDER``."""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.jobs import JobErrorRecord
from jupyter_platform.core.options.run import RunForm, RunOptions
from jupyter_platform.core.runs import RunResult, RunSpec
from jupyter_platform.running.context import RunContext
from jupyter_platform.running.reports import Reports
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.event_log import EventLog
from jupyter_platform.runtime.recorder import Recorder
from jupyter_platform.runtime.stopping import StopRequest

FORMS: dict[RunForm, str] = {
    "script": "scripts",
    "module": "scripts",
    "notebook": "notebooks",
    "cell": "notebooks",
}
"""Form of the code to the module of this package whose ``run`` runs it."""

logger = logging.getLogger(__name__)


def main(run_folder: str | Path) -> int:
    """Run what ``spec.json`` asks for and write ``result.json`` last.

    Parameters
    ----------
    run_folder : path
        Holds ``spec.json``; stdout and stderr are its ``output.log`` already.

    Returns
    -------
    int
        Exit code: 0 when finished or stopped, 1 when failed, ``os.EX_IOERR`` when the result could
        not be written down.
    """
    folder = Path(run_folder).absolute()
    stop = StopRequest()
    stop.listen()
    # As Python starts up: a file that grows beyond a limit is an OSError.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr, force=True)
    try:
        result = _run(folder, stop)
    except PlatformError as error:
        logger.error(error.message)  # noqa: TRY400 - a sentence for people
        record = JobErrorRecord(type=type(error).__name__, message=error.message)
        result = RunResult(status="failed", error=record)
    except Exception as error:
        logger.exception("The job failed.")
        text = "".join(traceback.format_exception(error))
        record = JobErrorRecord(
            type=type(error).__name__, message=str(error) or type(error).__name__, traceback=text
        )
        result = RunResult(status="failed", error=record)
    try:
        write_bytes_atomic(folder / "result.json", result.model_dump_json().encode())
    except OSError:
        logger.exception("The result cannot be written.")
        return os.EX_IOERR
    return 1 if result.status == "failed" else 0


def _run(folder: Path, stop: StopRequest) -> RunResult:
    spec = RunSpec.model_validate_json((folder / "spec.json").read_bytes())
    options = RunOptions.model_validate(spec.options)
    if spec.cpu_affinity is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, spec.cpu_affinity)
    events = EventLog(folder)
    recorder = Recorder(folder, events)
    reports = Reports(folder, recorder, events)
    context = RunContext(spec, options, folder, events, recorder, reports, stop)
    recorder.start()
    reports.start()
    try:
        if stop.requested:
            return RunResult(status="stopped")
        # Imported now: a script does without what notebooks need.
        module = import_module(f"jupyter_platform.running.{FORMS[options.form]}")
        result: RunResult = module.run(context)
    finally:
        reports.close()
        recorder.close()
        events.close()
    # All that was reported has been read by now.
    return result.model_copy(update={"step": recorder.step})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m jupyter_platform.running.process RUN_FOLDER")
    sys.exit(main(sys.argv[1]))
