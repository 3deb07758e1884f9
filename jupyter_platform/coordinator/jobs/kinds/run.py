"""RUN: a script, a module, a notebook or a cell of one's own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from jupyter_platform.coordinator.jobs.kinds.base import Kind
from jupyter_platform.coordinator.jobs.resolution.resolved import Resolved
from jupyter_platform.coordinator.jobs.resolution.sources import DataSource
from jupyter_platform.coordinator.workloads.host_choice import HostChoice
from jupyter_platform.core.errors import refusal
from jupyter_platform.core.jobs import NOTEBOOK_SUFFIX, JobSubmission
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.options import OptionModel, resolve_options
from jupyter_platform.core.options.run import FRESH, RunOptions
from jupyter_platform.core.states import JobType
from jupyter_platform.core.units import format_bytes
from jupyter_platform.runtime.environments import find_environment

MOST_CODE_BYTES = 100_000_000
"""Bytes of a script or a notebook."""
_CODE_SUFFIXES = (".py", NOTEBOOK_SUFFIX)


class Run(Kind):
    """Code of one's own."""

    inspected = False

    async def prepare(self, submission: JobSubmission) -> JobSubmission:
        """Take the script in as it is now, and say where it runs.

        A script is read here unless its content came along, so that what runs later is what was
        submitted. Its folder is where it runs, as long as that is a folder of this machine.
        """
        if submission.networks:
            message = "RUN works on no network; name a script, as RUN train.py."
            raise refusal("networks", submission.networks, message, "no network")
        if submission.dataset:
            message = "RUN takes no dataset; name its file among the arguments, or load it by name."
            raise refusal("dataset", submission.dataset, message, "no dataset")
        options, given = resolve_options(JobType.RUN, submission.options)
        assert isinstance(options, RunOptions)
        if options.script is not None or options.cell:
            given |= await asyncio.to_thread(self._taken_in, options)
        for reference in options.contents:
            self._require(reference)
        return submission.model_copy(update={"options": given})

    def _taken_in(self, options: RunOptions) -> dict[str, Any]:
        found: dict[str, Any] = {}
        path = Path(options.script or "").expanduser()
        if options.content is None:
            found["content"] = self._read(path, options)
        if options.working_folder is None and path.is_absolute() and path.parent.is_dir():
            found["working_folder"] = str(path.parent)
        return found

    def _read(self, path: Path, options: RunOptions) -> str:
        """Keep a script of this machine and return its reference."""
        if options.script is None:
            raise refusal("content", None, "A cell comes with its code; none is given.", "a digest")
        if not path.is_absolute():
            message = (
                f"script = {options.script!r} is a path from nowhere; give one that begins with / "
                "or ~, on the machine of the coordinator."
            )
            raise refusal("script", options.script, message, "an absolute path")
        if path.suffix not in _CODE_SUFFIXES:
            message = f"script = {options.script!r} is neither a .py nor a .ipynb file."
            raise refusal("script", options.script, message, "a .py or .ipynb file")
        try:
            size = path.stat().st_size
            if not path.is_file() or size > MOST_CODE_BYTES:
                message = (
                    f"script = {options.script!r} is no file of at most "
                    f"{format_bytes(MOST_CODE_BYTES)}."
                )
                raise refusal("script", options.script, message, "a file")
            digest = self.tools.blobs.put_file(path)
        except OSError as error:
            told = error.strerror or "it cannot be read"
            message = f"script = {options.script!r} cannot be read: {told.lower()}."
            raise refusal("script", options.script, message, "a file that can be read") from error
        return f"sha256:{digest}"

    def _require(self, reference: str) -> None:
        if not self.tools.blobs.has(reference.removeprefix("sha256:")):
            message = f"content = {reference} is not here; send the file first."
            raise refusal("content", reference, message, "a file that was sent")

    def networks(self, submission: JobSubmission) -> list[NetworkDescription]:
        """Return none."""
        return []

    def source(self, submission: JobSubmission) -> DataSource:
        """Return none."""
        return DataSource()

    async def _check_code(self, options: RunOptions) -> None:
        """Refuse code that is none."""
        if options.content is None:
            return
        path = self.tools.blobs.path(options.content.removeprefix("sha256:"))
        shown = options.code_name
        if path.stat().st_size > MOST_CODE_BYTES:
            most = format_bytes(MOST_CODE_BYTES)
            message = f"script = {shown!r} is larger than {most}."
            raise refusal("script", shown, message, f"a file of at most {most}")
        if await self.tools.reader.ask("code", shown, path=str(path), form=options.form):
            return
        if options.form == "notebook":
            message = f"script = {shown!r} is no notebook."
            raise refusal("script", shown, message, "a notebook")
        message = f"script = {shown!r} holds null characters; it is no Python script."
        raise refusal("script", shown, message, "a Python script")

    def place(self, options: OptionModel, source: DataSource, choice: HostChoice) -> HostChoice:
        """Keep what runs in a folder of this machine here, unless hosts were named."""
        assert isinstance(options, RunOptions)
        if choice.targets or choice.target_filter:
            return choice
        is_bound = options.working_folder not in (None, FRESH)
        if is_bound:
            folder = Path(str(options.working_folder)).expanduser()
            if not folder.is_dir():
                message = (
                    f"working_folder = {options.working_folder!r} is no folder of this machine; "
                    "name the hosts that have it with targets, or give fresh."
                )
                raise refusal("working_folder", options.working_folder, message, "a folder, fresh")
        if options.python is not None:
            find_environment(options.python)
            is_bound = True
        return choice.model_copy(update={"at_home": True}) if is_bound else choice

    def check_ranks(self, options: OptionModel, ranks: int) -> None:
        """Refuse several processes: code of one's own starts those that it needs itself."""
        if ranks > 1:
            message = (
                f"target_count = {ranks}: a RUN is one process, which may start others itself, as "
                "torchrun does; submit several jobs for several hosts."
            )
            raise refusal("target_count", ranks, message, "1")

    def name(
        self, networks: list[NetworkDescription], source: DataSource, options: OptionModel
    ) -> str:
        """Return the name of the script or module."""
        assert isinstance(options, RunOptions)
        return "cell" if options.cell and options.script is None else options.code_name

    async def complete(self, resolved: Resolved) -> None:
        """Refuse code that is none, and note the files that its process needs."""
        assert isinstance(resolved.options, RunOptions)
        await self._check_code(resolved.options)
        resolved.contents = resolved.options.contents
        resolved.category = resolved.options.form.upper()
