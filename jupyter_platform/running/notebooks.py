"""Notebooks, and cells that run as notebooks of one cell, in a kernel of the job's environment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

from jupyter_platform.core.errors import HostError, InvalidDataError
from jupyter_platform.core.jobs import JobErrorRecord
from jupyter_platform.core.options.run import CELL_NAME
from jupyter_platform.core.runs import RunResult
from jupyter_platform.running.context import DOWNLOADS, RunContext
from jupyter_platform.running.outputs import keep_outputs
from jupyter_platform.running.scripts import out_of_time
from jupyter_platform.runtime import values
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.environments import Environment, find_environment
from jupyter_platform.runtime.stopping import GRACE_S

SAVE_INTERVAL_S = 1.0
"""Seconds between two saves while a cell is running; a large notebook is saved less often."""
_SHARE_OF_TIME = 0.05
"""Share of the time that saving may take."""
_RESULTS = "results"
"""Folder, below the kept files, of the variables that a cell gives back."""
_PARAMETERS = "parameters"


def run(context: RunContext) -> RunResult:
    """Run a notebook or a cell to its end, or to the first cell that fails.

    The notebook comes back with its outputs however it ends.
    """
    code = context.code_path().read_text(encoding="utf-8")
    is_cell = context.options.cell
    notebook = _of_cell(code) if is_cell else _read(code, context)
    environment = find_environment(context.options.python or _kernel_of(notebook, context))
    variables = context.variables(environment)
    manager = _Manager(_specification(context, environment))
    manager.connection_file = str(context.folder / "kernel.json")
    # In a folder of its own nobody else can listen; a socket has room for a short path only.
    sockets = tempfile.mkdtemp(prefix="jp-")
    manager.transport, manager.ip = "ipc", f"{sockets}/k"
    name = CELL_NAME if is_cell else context.options.code_name
    folder = context.working_folder()
    execution = _Execution(context, notebook, manager, name)
    try:
        ended = asyncio.run(execution.run(cwd=str(folder), env=variables))
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
    kept = keep_outputs(context, folder)
    results = _keep_results(context) if is_cell and ended.error is None else {}
    result = {"notebook": name, "working_folder": str(folder), **results, **kept}
    return ended.model_copy(update={"result": result})


def _read(text: str, context: RunContext) -> NotebookNode:
    try:
        notebook: NotebookNode = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:
        raise InvalidDataError(f"{context.options.code_name} is no notebook: {error}.") from error
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    _set_parameters(notebook, context.options.parameters or {})
    return notebook


def _set_parameters(notebook: NotebookNode, parameters: dict[str, Any]) -> None:
    """Add the cell with what was given for this run, behind the one with the defaults."""
    if not parameters:
        return
    tagged = [
        index
        for index, cell in enumerate(notebook.cells)
        if _PARAMETERS in cell.metadata.get("tags", ())
    ]
    source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["injected-parameters"]})
    notebook.cells.insert(tagged[0] + 1 if tagged else 0, cell)


def _of_cell(source: str) -> NotebookNode:
    notebook: NotebookNode = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    return notebook


def _kernel_of(notebook: NotebookNode, context: RunContext) -> str | None:
    """Return the kernel that a notebook names; None: the platform's own environment."""
    if context.options.cell:
        return None
    name = notebook.metadata.get("kernelspec", {}).get("name")
    return str(name) if name else None


def _specification(context: RunContext, environment: Environment) -> KernelSpec:
    if environment.argv:
        return KernelSpec(
            argv=list(environment.argv),
            display_name=environment.name,
            language=environment.language,
            env=environment.variables,
        )
    interpreter = context.require_python(environment)
    if not context.probe(environment)["ipykernel"]:
        raise HostError(
            f"python = {environment.name!r} has no ipykernel, in which a {context.options.form} "
            f"runs; install it there: {interpreter} -m pip install ipykernel"
        )
    argv = [interpreter, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    return KernelSpec(argv=argv, display_name=environment.name, language="python")


class _Manager(AsyncKernelManager):
    """Starts one kernel as it is told, whatever the specifications of the machine say."""

    def __init__(self, specification: KernelSpec) -> None:
        super().__init__()
        self._given = specification

    @property
    def kernel_spec(self) -> KernelSpec:
        return self._given


class _Client(NotebookClient):
    """Tells of each message, and prints what cells print into the log of the job."""

    def __init__(self, nb: NotebookNode, km: AsyncKernelManager, told: Callable[[], None]) -> None:
        super().__init__(nb, km=km, timeout=None, store_widget_state=True, record_timing=True)
        self._told = told

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Join what is printed in a row, as notebooks do."""
        if msg["msg_type"] == "stream" and outs and not self.clear_before_next_output:
            last, content = outs[-1], msg["content"]
            if last.output_type == "stream" and last.name == content["name"]:
                last.text += content["text"]
                return last
        found: NotebookNode | None = super().output(outs, msg, display_id, cell_index)
        return found

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        kind, content = msg["msg_type"], msg["content"]
        if kind == "stream":
            _print(content["text"])
        elif kind == "error":
            _print("\n".join(content["traceback"]) + "\n")
        found: NotebookNode | None = super().process_message(msg, cell, cell_index)
        if kind != "status":
            self._told()
        return found


def _print(text: str) -> None:
    # Whole writes to the log, which the code may write to as well.
    os.write(sys.stdout.fileno(), text.encode("utf-8", "replace"))


class _Execution:
    """One notebook on its way through its cells."""

    def __init__(
        self, context: RunContext, notebook: NotebookNode, manager: AsyncKernelManager, name: str
    ) -> None:
        self._context = context
        self._notebook = notebook
        self._manager = manager
        self._name = name
        self._client = _Client(notebook, manager, self._changed)
        self._dirty = True
        self._ending = False
        self._out_of_time = False

    def _changed(self) -> None:
        self._dirty = True

    async def run(self, **start: Any) -> RunResult:
        """Execute all cells; return how it ended, without what was kept."""
        self._save()
        saving = asyncio.create_task(self._save_again_and_again())
        loop = asyncio.get_running_loop()
        loop.add_reader(self._context.stop.descriptor, self._stop)
        timer = None
        if self._context.options.max_time is not None:
            timer = loop.call_later(self._context.options.max_time, self._time_is_over)
        try:
            error = await self._execute(**start)
        finally:
            loop.remove_reader(self._context.stop.descriptor)
            if timer is not None:
                timer.cancel()
            saving.cancel()
            self._save()
        if self._context.stop.requested and not self._out_of_time:
            return RunResult(status="stopped")
        if self._out_of_time:
            error = out_of_time(self._context.options.max_time)
        return RunResult(status="failed" if error else "finished", error=error)

    async def _execute(self, **start: Any) -> JobErrorRecord | None:
        self._context.phase("starting the kernel")
        await self._client.async_start_new_kernel(**start)
        try:
            await self._client.async_start_new_kernel_client()
            if self._context.options.cell:
                await self._execute_cell_with_values()
            else:
                await self._execute_all()
            self._client.set_widgets_metadata()
        except CellExecutionError as error:
            return JobErrorRecord(
                type=error.ename, message=error.evalue or error.ename, traceback=error.traceback
            )
        except DeadKernelError:
            return await self._kernel_is_gone()
        except RuntimeError as error:
            log = f"The kernel did not start: {error}"
            return JobErrorRecord(type="KernelError", message=log)
        finally:
            await self._end_kernel()
        return None

    async def _execute_all(self) -> None:
        cells = [cell for cell in self._notebook.cells if _is_run(cell)]
        recorder = self._context.recorder
        if not self._context.reports.told:
            recorder.total, recorder.unit = len(cells), "cells"
        done = 0
        for index, cell in enumerate(self._notebook.cells):
            if self._ending:
                return
            if _is_run(cell):
                self._context.phase(f"cell {done + 1} of {len(cells)}")
            await self._client.async_execute_cell(cell, index)
            done += _is_run(cell)
            if not self._context.reports.told:
                recorder.step = done
            self._save()

    async def _execute_cell_with_values(self) -> None:
        """Execute one cell between what sets its inputs and what writes its results."""
        options, files = self._context.options, self._context.spec.files
        paths = {}
        inputs = self._context.folder / "inputs"
        inputs.mkdir(mode=0o700, exist_ok=True)
        for name, item in (options.inputs or {}).items():
            path = inputs / f"{name}{item['format']}"
            with contextlib.suppress(FileExistsError):
                path.symlink_to(files[item["content"]])
            paths[name] = str(path)
        if paths:
            await self._execute_hidden(f"['load_into'](globals(), {paths!r})")
        self._context.phase("running the cell")
        await self._client.async_execute_cell(self._notebook.cells[0], 0)
        self._save()
        if options.results and not self._ending:
            folder = self._context.folder / DOWNLOADS / _RESULTS
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            asked = f"['save_from'](globals(), {list(options.results)!r}, {str(folder)!r})"
            await self._execute_hidden(asked)

    async def _execute_hidden(self, call: str) -> None:
        """Execute code that is no part of the notebook; its errors are shown as of the cell."""
        source = f"__import__('runpy').run_path({values.__file__!r}){call}"
        hidden = nbformat.v4.new_code_cell(source)
        cell = self._notebook.cells[0]
        self._notebook.cells[0] = hidden
        try:
            await self._client.async_execute_cell(hidden, 0, store_history=False)
        finally:
            self._notebook.cells[0] = cell
            cell.outputs = [*cell.get("outputs", []), *hidden.outputs]

    def _stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._context.stop.descriptor)
        self._end()

    def _time_is_over(self) -> None:
        self._out_of_time = True
        self._end()

    def _end(self) -> None:
        self._ending = True
        self._later(self._interrupt())

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.ensure_future(work)

    async def _interrupt(self) -> None:
        """Interrupt the cell, as the stop button of a notebook does; kill what does not listen."""
        if self._manager.has_kernel:
            await self._manager.interrupt_kernel()
            await asyncio.sleep(GRACE_S)
            self._context.warn(f"The cell did not end within {GRACE_S:g} s and was killed.")
            await self._manager.shutdown_kernel(now=True)

    async def _end_kernel(self) -> None:
        task = getattr(self, "_task", None)
        if task is not None:
            task.cancel()
        client = self._client.kc
        if client is not None:
            client.stop_channels()
        if self._manager.has_kernel:
            await self._manager.shutdown_kernel()

    async def _kernel_is_gone(self) -> JobErrorRecord | None:
        if self._ending:
            return None
        provisioner = self._manager.provisioner
        code = None if provisioner is None else await provisioner.poll()
        if code == -signal.SIGKILL:
            # Lack of memory as a rule. The shim tells, and another attempt follows.
            self._save()
            os.kill(os.getpid(), signal.SIGKILL)
        told = "" if code is None else f" (exit code {code})"
        return JobErrorRecord(type="KernelDied", message=f"The kernel has died{told}.")

    async def _save_again_and_again(self) -> None:
        pause = SAVE_INTERVAL_S
        while True:
            await asyncio.sleep(pause)
            if self._dirty:
                began = time.monotonic()
                self._save()
                pause = max(SAVE_INTERVAL_S, (time.monotonic() - began) / _SHARE_OF_TIME)

    def _save(self) -> None:
        """Write the notebook as it is now, and have it kept."""
        self._dirty = False
        path = self._context.folder / DOWNLOADS / self._name
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_bytes_atomic(path, nbformat.writes(self._notebook).encode(), fsync=False)
        except OSError as error:
            self._dirty = True
            self._context.warn(f"{self._name} cannot be saved: {error.strerror}.")
            return
        self._context.keep_file(self._name)


def _is_run(cell: NotebookNode) -> bool:
    return bool(cell.cell_type == "code" and cell.source.strip())


def _keep_results(context: RunContext) -> dict[str, Any]:
    folder = context.folder / DOWNLOADS / _RESULTS
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    for name in names:
        context.keep_file(f"{_RESULTS}/{name}")
    return {"results": {Path(name).stem: f"{_RESULTS}/{name}" for name in names}} if names else {}
