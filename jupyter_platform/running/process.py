"""The process of a RUN: ``python -m jupyter_platform.running.process RUN_FOLDER``."""

from __future__ import annotations

import logging
import os
import sys
from importlib import import_module
from pathlib import Path

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.options.run import RunForm, RunOptions
from jupyter_platform.core.runs import RunResult, RunSpec
from jupyter_platform.running.context import RunContext
from jupyter_platform.running.reports import Reports
from jupyter_platform.runtime.event_log import EventLog
from jupyter_platform.runtime.process_result import failed, outlast_full_files, write_result
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
    outlast_full_files()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr, force=True)
    try:
        result = _run(folder, stop)
    except PlatformError as error:
        logger.error(error.message)  # noqa: TRY400 - a sentence for people
        result = failed(error, with_traceback=False)
    except Exception as error:
        logger.exception("The job failed.")
        result = failed(error)
    return write_result(folder, result)


def _run(folder: Path, stop: StopRequest) -> RunResult:
    spec = RunSpec.model_validate_json((folder / "spec.json").read_bytes())
    options = RunOptions.model_validate(spec.of_job().options)
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
