"""How the process of a run ends: its result, written last, and its exit code."""

from __future__ import annotations

import logging
import os
import signal
import traceback
from pathlib import Path

from jupyter_platform.core.jobs import JobErrorRecord
from jupyter_platform.core.runs import RunResult
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.run_folder import RESULT

logger = logging.getLogger(__name__)


def failed(error: Exception, *, with_traceback: bool = True) -> RunResult:
    """Return the result of a run that an exception ended.

    Parameters
    ----------
    error : Exception
        Its message is shown to people.
    with_traceback : bool
        Whether the lines that led to it are of use to them.
    """
    kind = type(error).__name__
    text = "".join(traceback.format_exception(error)) if with_traceback else None
    record = JobErrorRecord(type=kind, message=str(error) or kind, traceback=text)
    return RunResult(status="failed", error=record)


def write_result(folder: Path, result: RunResult) -> int:
    """Write ``result.json``.

    Parameters
    ----------
    folder : Path
        The run folder.
    result : RunResult
        How the run ended.

    Returns
    -------
    int
        Exit code: 0 when finished or stopped, 1 when failed, ``os.EX_IOERR`` when the result could
        not be written down.
    """
    try:
        write_bytes_atomic(folder / RESULT, result.model_dump_json().encode())
    except OSError:
        logger.exception("The result cannot be written.")
        return os.EX_IOERR
    return 1 if result.status == "failed" else 0


def outlast_full_files() -> None:
    """Let a file that grows beyond a limit be an OSError, as Python does; a fork has lost that."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
