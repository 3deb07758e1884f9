"""The process of a run.

``python -m jupyter_platform.learning.processes.process RUN_FOLDER``
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

import torch

from jupyter_platform.core.errors import InvalidRequestError, UnavailableError
from jupyter_platform.core.runs import RunResult, RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.distributed.process_group import PeerLostError, join
from jupyter_platform.learning.reinforcement import agent
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.run.recorder import Recorder
from jupyter_platform.learning.run.stop_signal import Interrupted, StopFlag
from jupyter_platform.learning.scoring import evaluator
from jupyter_platform.learning.training import learner
from jupyter_platform.runtime.event_log import EventLog
from jupyter_platform.runtime.process_result import failed, outlast_full_files, write_result

JOBS: dict[JobType, Callable[[RunContext], RunResult]] = {
    JobType.LEARN: learner.run,
    JobType.EVALUATE: evaluator.run,
    JobType.ACT: agent.run,
}

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
        Exit code: 0 when finished or stopped, 1 when failed, ``os.EX_TEMPFAIL`` when another rank
        of its gang is gone, ``os.EX_IOERR`` when the result could not be written down.
    """
    folder = Path(run_folder)
    stop = StopFlag()
    stop.listen()
    outlast_full_files()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr, force=True
    )
    try:
        result = _run(folder, stop)
    except PeerLostError:
        # That says nothing about the job: it has no result, and whoever asks tries again.
        logger.exception("The gang has broken up.")
        return os.EX_TEMPFAIL
    except Interrupted:
        # It was still being set up.
        logger.info("Stopped before the first step.")
        result = RunResult(status="stopped")
    except Exception as error:
        logger.exception("The job failed.")
        result = failed(error)
    return write_result(folder, result)


def _end(code: int) -> NoReturn:
    """End this process at once, as one that a warm process has forked ends.

    All that counts is on disk by then; to take torch apart again keeps what was leased for seconds.

    Parameters
    ----------
    code : int
        Exit code.
    """
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _run(folder: Path, stop: StopFlag) -> RunResult:
    spec = RunSpec.model_validate_json((folder / "spec.json").read_bytes())
    kind = spec.of_job().type
    if kind not in JOBS:
        raise InvalidRequestError(f"{kind} jobs cannot be run by this version.")
    device = _set_up_device(spec)
    events = EventLog(folder)
    recorder = Recorder(folder, events, partial(_end_with, folder))
    context = RunContext(spec, folder, events, recorder, stop, device)
    recorder.start()
    if torch.get_num_threads() != spec.threads:
        context.warn(
            f"{spec.threads} threads were leased, but torch takes {torch.get_num_threads()}."
        )
    try:
        if spec.meets_others:
            context.phase("waiting for the other processes")
            context.communicator = join(
                spec, lambda place: events.write("store", address=place), lambda: stop.requested
            )
        result = JOBS[kind](context)
        if (told := context.changed_data()) and result.result is not None:
            for text in told:
                context.warn(text)
            result.result["warnings"] = [*result.result.get("warnings", ()), *told]
        return result
    finally:
        recorder.close()
        events.close()


def _end_with(folder: Path) -> None:
    """End at once when the run folder is gone: nobody could stop the process, or see what it does.

    Its job goes on elsewhere, from the last checkpoint that was copied.
    """
    if not (folder / "spec.json").exists():
        os._exit(os.EX_NOINPUT)


def _set_up_device(spec: RunSpec) -> torch.device:
    """Keep to what was leased; runs before the first operation of torch."""
    if spec.cpu_affinity is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, spec.cpu_affinity)
    torch.set_num_threads(spec.threads)
    if torch.get_num_interop_threads() != 1:
        torch.set_num_interop_threads(1)
    if not spec.gpus:
        return torch.device("cpu")
    # Leases name GPUs as NVML does: by their place on the bus.
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, spec.gpus))
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if found < len(spec.gpus):
        raise _no_gpu(spec.gpus, found)
    return torch.device("cuda:0")


def _no_gpu(leased: list[int], found: int) -> UnavailableError:
    """Return the error of a host that offers GPUs which torch cannot use."""
    names = ", ".join(map(str, leased))
    seen = "none" if found == 0 else f"{found}"
    if torch.version.cuda is None:
        cure = f"this torch ({torch.__version__}) is built without CUDA: install one with CUDA"
    else:
        cure = (
            f"torch {torch.__version__} wants a driver for CUDA {torch.version.cuda}: look at "
            "`nvidia-smi` and `jupyter platform doctor` there"
        )
    return UnavailableError(
        f"GPU {names} of host {platform.node()} was leased, but torch sees {seen} of the "
        f"{len(leased)}; {cure}, or submit with gpus=0 to train on the CPU."
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m jupyter_platform.learning.processes.process RUN_FOLDER")
    _end(main(sys.argv[1]))
