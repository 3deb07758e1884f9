"""The run folders of a host: what is asked of them from outside."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

from jupyter_platform.core.errors import ConflictError, HostError, NotFoundError
from jupyter_platform.core.runs import PullAnswer, PullRequest, RunId
from jupyter_platform.runtime.logs import cap_log
from jupyter_platform.runtime.run_folder import OUTPUT, RunFolder, run_folders

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
    """

    def __init__(self, root: Path, log_limit: int) -> None:
        self._root = root
        self._log_limit = log_limit

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

    def alive(self) -> dict[str, bool]:
        """Return for every run here whether its process, or its shim, is alive."""
        return {str(run): folder.is_alive() for run, folder in run_folders(self._root).items()}

    def pull(self, requests: list[PullRequest]) -> tuple[list[PullAnswer], Chunks]:
        """Return what is new in several run folders.

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
            answer = self.folder(request.run).pull(request.model_copy(update={"limit": limit}))
            if answer.chunks:
                chunks[str(request.run)] = answer.chunks
                left -= sum(len(chunk) for chunk in answer.chunks.values())
            answers.append(answer.model_copy(update={"chunks": {}}))
        return answers, chunks

    def read(self, run: RunId, path: str, offset: int, length: int) -> bytes:
        """Return a piece of a file of a run folder, at most `READ_LIMIT` bytes."""
        return self._present(run).read(path, offset, min(length, READ_LIMIT))

    def signal(self, run: RunId, action: Literal["stop", "kill"]) -> bool:
        """Stop or kill a run; return whether there was a process to signal."""
        return self._present(run).signal(action)

    def remove(self, run: RunId) -> None:
        """Remove a run folder; one that is gone already is fine."""
        folder = self.folder(run)
        if folder.is_alive():
            raise ConflictError(f"Run {run} is alive; stop it before its folder is removed.")
        folder.remove()

    def files_in_use(self) -> set[str]:
        """Return the paths of the files that runs need which have not ended."""
        alive = [item.spec() for item in run_folders(self._root).values() if item.is_alive()]
        return {path for spec in alive if spec is not None for path in spec.files.values()}

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

    def _present(self, run: RunId) -> RunFolder:
        folder = self.folder(run)
        if not folder.exists():
            raise NotFoundError(f"Run {run} is not on this host.")
        return folder
