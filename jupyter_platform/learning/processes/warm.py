"""A process with torch imported that forks the processes of jobs, so that they start at once.

``python -m jupyter_platform.learning.processes.warm SOCKET [PARENT_PID]``. One JSON object a line:

* ``{"run_folder": …, "env": {…}}`` starts a run, answered when its ``process.json`` is written;
* ``{"inspector": SOCKET}`` starts an inspector;
* ``{"ping": true}`` answers that it is ready.

It has one thread, runs no operation of torch and never touches CUDA: only then may it fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from jupyter_platform.core.errors import HostError, InvalidRequestError
from jupyter_platform.learning.processes import inspector, process
from jupyter_platform.learning.processes.line_server import LineServer
from jupyter_platform.learning.processes.spare import Spare
from jupyter_platform.runtime import shim

READY_TIMEOUT_S = 10.0
SPARE_AFTER_S = 1.0
"""Seconds from a start to the next spare: the run that starts comes first."""
PRELOADED = (
    "encodings.cp437",
    "numpy.ctypeslib",
    "safetensors.torch",
    "torch._dynamo",
    "torch.optim",
    "torch.utils.serialization.config",
)
"""Modules that a run would import late: the first optimiser alone imports torch._dynamo."""


class WarmProcess:
    """Forks what it is asked for.

    Parameters
    ----------
    server : LineServer
        Closed in each forked process.
    parent : int or None
        The host agent: an inspector ends with it.
    """

    def __init__(self, server: LineServer, parent: int | None) -> None:
        self._server = server
        self._parent = parent
        self._spare: Spare | None = None
        self._spare_at = time.monotonic()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what one request asks for.

        Raises
        ------
        InvalidRequestError
            If it asks for nothing known.
        HostError
            If the process cannot be started.
        """
        if "run_folder" in request:
            env = request.get("env") or {}
            self._start_run(str(request["run_folder"]), {str(k): str(v) for k, v in env.items()})
        elif "inspector" in request:
            self._start_inspector(str(request["inspector"]))
        elif "ping" not in request:
            raise InvalidRequestError(
                "A request holds run_folder, inspector or ping; this one holds "
                f"{', '.join(request) or 'nothing'}."
            )
        return {"ok": True, "pid": os.getpid()}

    def reap(self) -> None:
        """Take note of ended children, so that none stays a zombie."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass

    def _start_run(self, run_folder: str, env: dict[str, str]) -> None:
        if not (Path(run_folder) / "spec.json").is_file():
            raise HostError(f"There is no spec.json in {run_folder}.")
        spare, self._spare = self._spare, None
        self._spare_at = time.monotonic() + SPARE_AFTER_S
        if spare is not None:
            with contextlib.suppress(OSError):
                if _has_started(spare.give(run_folder, env)):
                    return
        # Without a spare, or with one that died: it ends unused, so nothing runs twice.
        told, tell = os.pipe()
        self._fork(lambda: _supervise(run_folder, env, tell))
        os.close(tell)
        if not _has_started(told):
            raise HostError(
                f"The process of {run_folder} could not be started; its output.log says why."
            )

    def keep_spare(self) -> None:
        """Fork a spare where there is none and no run has just begun."""
        if self._spare is None and time.monotonic() >= self._spare_at:
            self._spare = Spare(self._fork)

    def _start_inspector(self, path: str) -> None:
        def body() -> int:
            os.setsid()
            inspector.main(path, self._parent)
            return 0

        self._fork(body)

    def _fork(self, body: Callable[[], int]) -> int:
        """Fork; return the pid in the parent. The child never returns."""
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            self._server.release()
            if self._spare is not None:
                self._spare.close()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            code = body()
        except BaseException:
            logging.getLogger(__name__).exception("A forked process failed.")
        finally:
            # Nothing of the parent's may run a second time here.
            os._exit(code)


def _has_started(told: int) -> bool:
    """Wait for the byte that says that ``process.json`` is written; False when it cannot come."""
    try:
        ready = select.select([told], [], [], READY_TIMEOUT_S)[0]
        return bool(ready) and bool(os.read(told, 1))
    finally:
        os.close(told)


def _supervise(run_folder: str, env: dict[str, str], tell: int) -> int:
    """Be the shim of a run, in the forked process."""

    def body() -> NoReturn:
        os.close(tell)
        os.environ.update(env)
        raise SystemExit(process.main(run_folder))

    def ready() -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(tell, b"1")
        os.close(tell)

    return shim.supervise(run_folder, lambda: shim.fork(run_folder, body), ready)


def main(path: str | Path, parent: int | None = None) -> None:
    """Serve until the parent process is gone; what was forked goes on.

    Parameters
    ----------
    path : str or Path
        Unix socket to listen at.
    parent : int, optional
        Process whose end ends this one.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s warm process: %(message)s")
    for name in PRELOADED:
        importlib.import_module(name)
    # What is here now stays: collecting it in a fork would copy every page that it lies on.
    gc.collect()
    gc.freeze()
    with LineServer(Path(path), parent) as server:
        warm = WarmProcess(server, parent)

        def go_on() -> bool:
            warm.reap()
            warm.keep_spare()
            return not server.parent_is_gone()

        server.serve(warm.answer, go_on)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python -m jupyter_platform.learning.processes.warm SOCKET [PARENT_PID]")
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else os.getppid())
