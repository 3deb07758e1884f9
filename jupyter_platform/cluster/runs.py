"""The run folders of a host: what is asked of them from outside."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from jupyter_platform.core.errors import ConflictError, HostError, NotFoundError
from jupyter_platform.core.runs import PullAnswer, PullRequest, RunId
from jupyter_platform.runtime.logs import cap_log
from jupyter_platform.runtime.run_folder import OUTPUT, RunFolder, run_folders
from jupyter_platform.runtime.runtimes.base import Runtime
from jupyter_platform.runtime.runtimes.process import ProcessRuntime

logger = logging.getLogger(__name__)

PULL_LIMIT = 16_000_000
"""Bytes of all runs together in one answer to `HostRuns.pull`."""
READ_LIMIT = 16_000_000
"""Bytes in one answer to `HostRuns.read`."""
SMALLEST_SHARE = 64_000
"""Bytes that each run may send even when others have used up the limit."""

Chunks = dict[str, dict[str, bytes]]


class HostRuns:
    """Lists, reads, signals and removes the run folders below `root`.

    Parameters
    ----------
    root : Path
        ``runs/`` of the host.
    log_limit : int
        Bytes kept of each ``output.log``.
    runtimes : mapping
        The runtimes of the host by their names.
    """

    def __init__(self, root: Path, log_limit: int, runtimes: Mapping[str, Runtime]) -> None:
        self._root = root
        self._log_limit = log_limit
        self._runtimes = runtimes
        self._names: dict[Path, str] = {}

    def require_host_folder(self) -> None:
        """Refuse to begin a run where nobody would ever find it.

        Raises
        ------
        HostError
            If the folder of the host was removed under it.
        """
        if not self._root.parent.is_dir():
            raise HostError(
                f"The folder of this host, {self._root.parent}, was removed; end the host and "
                "start it again."
            )

    def folder(self, run: RunId) -> RunFolder:
        """Return the run folder of a run, there or not."""
        return RunFolder.of(self._root, run)

    def runtime(self, name: str) -> Runtime:
        """Return a runtime of the host.

        Raises
        ------
        HostError
            If it has none by that name.
        """
        if name not in self._runtimes:
            raise HostError(
                f"This host has no runtime {name!r}. It has: {', '.join(sorted(self._runtimes))}."
            )
        return self._runtimes[name]

    def runtimes(self) -> dict[str, str | None]:
        """Return each runtime's name to why it cannot be used now; None where it can."""
        return {name: runtime.unavailable() for name, runtime in self._runtimes.items()}

    def alive(self) -> dict[str, bool]:
        """Return for every run here whether it goes on."""
        return {str(run): self._is_alive(folder) for run, folder in run_folders(self._root).items()}

    def pull(self, requests: list[PullRequest]) -> tuple[list[PullAnswer], Chunks]:
        """Return the new output in several run folders.

        Returns
        -------
        answers : list of PullAnswer
            Without their chunks.
        chunks : dict
            ``{run: {file: bytes}}``, for runs that have any.
        """
        answers: list[PullAnswer] = []
        chunks: Chunks = {}
        left = PULL_LIMIT
        for request in requests:
            limit = min(request.limit, max(left, SMALLEST_SHARE))
            folder = self.folder(request.run)
            limited = request.model_copy(update={"limit": limit})
            answer = folder.pull(limited, alive=self._is_alive(folder))
            if answer.chunks:
                chunks[str(request.run)] = answer.chunks
                left -= sum(len(chunk) for chunk in answer.chunks.values())
            answers.append(answer.model_copy(update={"chunks": {}}))
        return answers, chunks

    def read(self, run: RunId, path: str, offset: int, length: int) -> bytes:
        """Return a piece of a file of a run folder, at most `READ_LIMIT` bytes.

        Parameters
        ----------
        run : RunId
            Which run.
        path : str
            Path of the file inside of its folder.
        offset : int
            First byte; negative: counted from the end.
        length : int
            Bytes at most.
        """
        return self._present(run).read(path, offset, min(length, READ_LIMIT))

    def signal(self, run: RunId, action: Literal["stop", "kill"]) -> bool:
        """Stop or kill a run; return whether there was a process to signal.

        Parameters
        ----------
        run : RunId
            Which run.
        action : {'stop', 'kill'}
            ``stop`` lets it write what it has; ``kill`` does not.
        """
        folder = self._present(run)
        return self._runtime_of(folder).signal(folder, action)

    def remove(self, run: RunId) -> None:
        """Remove a run folder; one that is gone already is fine."""
        folder = self.folder(run)
        runtime = self._runtime_of(folder)
        if runtime.is_alive(folder):
            raise ConflictError(f"Run {run} is alive; stop it before its folder is removed.")
        runtime.remove(folder)
        self._names.pop(folder.path, None)

    def files_in_use(self) -> set[str]:
        """Return the paths of the files that runs need which have not ended."""
        alive = filter(self._is_alive, run_folders(self._root).values())
        specs = [folder.spec() for folder in alive]
        return {path for spec in specs if spec is not None for path in spec.files.values()}

    def cap_logs(self) -> None:
        """Give back the front of every log that has grown over its limit."""
        for run, folder in run_folders(self._root).items():
            log = folder.path / OUTPUT
            try:
                if log.stat().st_size > self._log_limit:
                    cap_log(log, self._log_limit)
            except FileNotFoundError:
                continue
            except OSError as error:
                logger.warning("The log of run %s cannot be capped: %s", run, error)

    def _is_alive(self, folder: RunFolder) -> bool:
        return self._runtime_of(folder).is_alive(folder)

    def _runtime_of(self, folder: RunFolder) -> Runtime:
        # Kept, because it is asked at each pull and never changes.
        name = self._names.get(folder.path)
        if name is None:
            try:
                spec = folder.spec()
            except HostError:
                spec = None
            if spec is None:
                # Gone, or damaged: what else is in the folder tells how it is.
                return self.runtime(ProcessRuntime.name)
            name = self._names[folder.path] = spec.runtime
        return self.runtime(name)

    def _present(self, run: RunId) -> RunFolder:
        folder = self.folder(run)
        if not folder.exists():
            raise NotFoundError(f"Run {run} is not on this host.")
        return folder
