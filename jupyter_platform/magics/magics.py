"""The magics themselves."""

from __future__ import annotations

import contextlib
import uuid
from functools import cached_property
from typing import Any, TypeVar

import click
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class

from jupyter_platform.client import Job, Platform
from jupyter_platform.client.arguments import (
    start_pair,
    submit_cell_from_line,
    submit_from_line,
)
from jupyter_platform.client.job_listing import JobListing
from jupyter_platform.client.own_runs import takes_code
from jupyter_platform.client.sweeps import Sweep
from jupyter_platform.core.errors import NotFoundError, PlatformError
from jupyter_platform.core.states import TERMINAL
from jupyter_platform.magics.completion import LineCompleter
from jupyter_platform.magics.deploying import DeploymentMagics
from jupyter_platform.magics.lines import (
    cell_line,
    job_line,
    jobs_line,
    read_line,
    rl_line,
    stop_line,
    submit_line,
)
from jupyter_platform.magics.readable import readable

Drawn = TypeVar("Drawn", bound=Job | JobListing | Sweep)
"""What the magics return."""


@magics_class
class PlatformMagics(Magics):
    """Submit, list, show and stop jobs from a notebook.

    Each shows what it returns at once, also in the middle of a cell or of an assignment, and not
    again as the value of its cell. A terminal writes ``Out[…]:`` before it asks how a value is
    shown, so what may become the value of the cell is held back until it has, or the cell ends.
    Where a notebook was shown something that had not ended, and a later cell finds that it has
    (`Job.wait`), the output is updated, so that the notebook keeps the end.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._ipython: Any = shell  # its traits do not say what they hold
        self._shown: object = None
        self._held: Job | JobListing | Sweep | None = None
        self._unfinished: dict[str, Job | JobListing | Sweep] = {}  # by the id of its output
        # Kernels send the number of an output beside it; only terminals print it.
        self._is_terminal = getattr(shell, "kernel", None) is None
        self._completer = LineCompleter()

    @cached_property
    def hub(self) -> Platform:
        """The platform; started by the first magic that needs it."""
        return Platform(on_progress=_Steps())

    @line_cell_magic
    @readable
    def submit(self, line: str, cell: str | None = None) -> Job | Sweep:
        """Submit a job: ``%submit TYPE NETWORK [DATASET] [KEY=VALUE]…``; ``%submit --help``.

        ``%submit RUN SCRIPT [KEY=VALUE]… [-- ARGUMENT…]`` runs a script or a notebook, and
        ``%%submit RUN [-i NAMES] [-o NAMES]`` the cell below it. The job is ``last`` afterwards.

        Parameters
        ----------
        line : str
            Words behind ``%submit``.
        cell : str, optional
            Code below ``%%submit RUN``; None for a line.
        """
        submitted: Job | Sweep
        if cell is not None and takes_code(line.partition(" ")[0]):
            arguments = read_line(cell_line, line)
            submitted = submit_cell_from_line(self.hub, cell, self._ipython.user_ns, **arguments)
        else:
            arguments = read_line(submit_line, line, cell)
            submitted = submit_from_line(self.hub, **arguments)
        self._ipython.user_ns["last"] = submitted
        return self._show(submitted)

    @line_cell_magic
    @readable
    def rl(self, line: str, cell: str | None = None) -> JobListing:
        """Start agents and their learner: ``%rl NETWORK[,CRITIC] ENVIRONMENT [KEY=VALUE]…``.

        Parameters
        ----------
        line : str
            Words behind ``%rl``.
        cell : str, optional
            Further words, below ``%%rl``; None for a line.
        """
        arguments = read_line(rl_line, line, cell)
        return self._show(JobListing(list(start_pair(self.hub, **arguments))))

    @line_magic
    @readable
    def jobs(self, line: str) -> JobListing:
        """List jobs, newest first: ``%jobs [STATE]… [--search TEXT]``; ``%jobs --help``."""
        arguments = read_line(jobs_line, line)
        states = arguments.pop("states")
        return self._show(self.hub.jobs(list(states) or None, **arguments))

    @line_magic
    @readable
    def job(self, line: str) -> Job:
        """Show a job: ``%job ID``, ``%job NAME``, or ``%job`` for the newest."""
        reference = read_line(job_line, line)["reference"]
        job = self._newest() if reference is None else self.hub.job(reference)
        if job.notice:
            click.echo(f"Note: {job.notice}")
        return self._show(job)

    @line_magic
    @readable
    def stop(self, line: str) -> Job | JobListing:
        """Stop jobs: ``%stop JOB…``; they write a checkpoint and their weights first."""
        references = read_line(stop_line, line)["references"]
        found = [self.hub.job(reference) for reference in references]
        stopped = [job.stop() for job in found]
        if len(stopped) == 1:
            return self._show(stopped[0])
        return self._show(JobListing(stopped))

    def install(self) -> None:
        """Make the magics, their completion and their way of showing known to the shell."""
        self._ipython.register_magics(self)
        self._ipython.register_magics(DeploymentMagics(self._ipython, lambda: self.hub))
        self._ipython.Completer.custom_matchers.append(self._completer.matcher)
        self._ipython.events.register("pre_run_cell", self._forget_shown)
        self._ipython.events.register("post_run_cell", self._end_cell)
        for drawn in (Job, JobListing, Sweep):
            self._display_formatter().for_type(drawn, self._display)

    def uninstall(self) -> None:
        """Take back what `install` did."""
        for drawn in (Job, JobListing, Sweep):
            self._display_formatter().pop(drawn, None)
        self._ipython.events.unregister("pre_run_cell", self._forget_shown)
        self._ipython.events.unregister("post_run_cell", self._end_cell)
        self._ipython.Completer.custom_matchers.remove(self._completer.matcher)
        for magics in (self.magics, DeploymentMagics.magics):
            for kind, functions in magics.items():
                for name in functions:
                    self._ipython.magics_manager.magics[kind].pop(name, None)
        self._completer.names.close()
        if "hub" in self.__dict__:
            self.hub.close()

    def _newest(self) -> Job:
        found = self.hub.jobs(limit=1)
        if not found:
            raise NotFoundError(
                "There are no jobs yet; submit one: %submit LEARN lenet-digits digits"
            )
        return self.hub.job(found[0].id)

    def _show(self, item: Drawn) -> Drawn:
        self._release()
        if self._is_terminal:
            self._held = item
        else:
            self._publish(item)
            self._shown = item
        return item

    def _display(self, item: Job | JobListing | Sweep) -> None:
        """Show the value of a cell, unless it has been shown; called by IPython."""
        if self._is_terminal:
            if item is self._held:
                self._held = None
            raise NotImplementedError  # IPython then prints it as it does any value
        if item is self._shown:
            self._shown = None
        else:
            self._publish(item)

    def _end_cell(self, *_: object) -> None:
        self._release()
        for output, item in [pair for pair in self._unfinished.items() if _has_ended(pair[1])]:
            with contextlib.suppress(PlatformError):  # it stays as it was until a later cell
                self._publish(item, update=output)
                del self._unfinished[output]

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._publish(held)

    def _publish(self, item: Job | JobListing | Sweep, update: str | None = None) -> None:
        output = update or uuid.uuid4().hex
        bundle = item._repr_mimebundle_()
        self._ipython.display_pub.publish(
            bundle, transient={"display_id": output}, update=update is not None
        )
        if not (self._is_terminal or update or _has_ended(item)):
            self._unfinished[output] = item

    def _forget_shown(self, *_: object) -> None:
        self._shown = None

    def _display_formatter(self) -> Any:
        return self._ipython.display_formatter.ipython_display_formatter


def _has_ended(item: Job | JobListing | Sweep) -> bool:
    """Return whether all is known to have ended, without a question to the platform."""
    if isinstance(item, Sweep):
        return all(state in TERMINAL for state, count in item.record.states.items() if count)
    records = [item.record] if isinstance(item, Job) else [job.record for job in item]
    return all(record.state.is_terminal for record in records)


class _Steps:
    """Tells each step of starting the platform once."""

    def __init__(self) -> None:
        self._told = ""

    def __call__(self, sentence: str, _: float) -> None:
        if sentence != self._told:
            self._told = sentence
            click.echo(sentence)


_installed: list[PlatformMagics] = []


def load(shell: InteractiveShell) -> None:
    """Load the magics into a shell: ``%load_ext jupyter_platform``."""
    magics = PlatformMagics(shell)
    magics.install()
    _installed.append(magics)


def unload(shell: InteractiveShell) -> None:
    """Take the magics out of a shell: ``%unload_ext jupyter_platform``."""
    for magics in [item for item in _installed if item.shell is shell]:
        magics.uninstall()
        _installed.remove(magics)
