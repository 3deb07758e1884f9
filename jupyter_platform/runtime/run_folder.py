"""One run folder, ``runs/<workload>/<attempt>/<rank>/``: the truth about one process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import stat
import tempfile
from pathlib import Path, PurePosixPath
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError

from jupyter_platform.core.errors import (
    ConflictError,
    HostError,
    InvalidRequestError,
    NotFoundError,
)
from jupyter_platform.core.runs import (
    ExitRecord,
    FileState,
    ProcessRecord,
    PullAnswer,
    PullRequest,
    RunId,
    RunProgress,
    RunResult,
    RunSpec,
)
from jupyter_platform.runtime.atomic import fsync_folder, read_bytes, write_bytes_atomic
from jupyter_platform.runtime.identity import is_same_process
from jupyter_platform.runtime.record_repair import RECORD_SIZE
from jupyter_platform.runtime.records import SUFFIX, whole_records
from jupyter_platform.runtime.shim import LOCK_FILE, descendants

SPEC, PROCESS, PROGRESS = "spec.json", "process.json", "progress.json"
RESULT, EXIT = "result.json", "exit.json"
WHOLE_FILES = (PROCESS, PROGRESS, RESULT, EXIT)
"""Small files that are replaced in one step."""
EVENTS, OUTPUT, METRICS = "events.jsonl", "output.log", "metrics"

_Record = TypeVar("_Record", bound=BaseModel)
_PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class RunFolder:
    """The files of one process.

    Parameters
    ----------
    path : Path
        The folder; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, root: Path, run: RunId) -> RunFolder:
        """Return the folder of a run below a host's folder of runs.

        Parameters
        ----------
        root : Path
            Folder of all runs of a host.
        run : RunId
            The process: workload, attempt and rank.
        """
        return cls(root / run.workload / str(run.attempt) / str(run.rank))

    def exists(self) -> bool:
        """Return whether the folder was created."""
        return (self.path / SPEC).is_file()

    def create(self, spec: RunSpec) -> bool:
        """Make the folder with its ``spec.json`` in one step.

        Returns
        -------
        bool
            False when the folder exists; it is then left as it is.
        """
        if self.exists():
            return False
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{self.path.name}.", dir=self.path.parent))
        try:
            (beside / METRICS).mkdir(mode=0o700)
            write_bytes_atomic(beside / SPEC, spec.model_dump_json().encode())
            beside.rename(self.path)
        except OSError:
            shutil.rmtree(beside, ignore_errors=True)
            if self.exists():
                return False
            raise
        fsync_folder(self.path.parent)
        return True

    def spec(self) -> RunSpec | None:
        """Return the specification of the run."""
        return self._load(SPEC, RunSpec)

    def process(self) -> ProcessRecord | None:
        """Return which process runs it, or None before it has started."""
        return self._load(PROCESS, ProcessRecord)

    def exit(self) -> ExitRecord | None:
        """Return how the process ended, or None while it has not."""
        return self._load(EXIT, ExitRecord)

    def result(self) -> RunResult | None:
        """Return the process's own report of its end."""
        return self._load(RESULT, RunResult)

    def progress(self) -> RunProgress | None:
        """Return how far the process is."""
        return self._load(PROGRESS, RunProgress)

    def _load(self, name: str, model: type[_Record]) -> _Record | None:
        content = read_bytes(self.path / name)
        if content is None:
            return None
        try:
            return model.model_validate_json(content)
        except ValidationError as error:
            raise HostError(f"The file {self.path / name} is damaged: {error}.") from error

    def is_alive(self) -> bool:
        """Return whether the process, or a shim that will still write, is alive."""
        if (self.path / EXIT).exists():
            return False
        record = self.process()
        if record is None:
            return self._is_starting()
        return is_same_process(record.pid, record.start_time, record.boot_id) or is_same_process(
            record.shim_pid, record.shim_start_time, record.boot_id
        )

    def _is_starting(self) -> bool:
        try:
            descriptor = os.open(self.path / LOCK_FILE, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def pull(self, request: PullRequest, *, alive: bool) -> PullAnswer:
        """Return the output since the caller's offsets and tokens.

        Record files are cut to whole records and ``events.jsonl`` to whole lines; what remains
        comes with the next pull. The limit may be passed by one event that is longer than it.

        Parameters
        ----------
        request : PullRequest
            What the asker has.
        alive : bool
            Whether the run goes on, asked before this call: after "not alive" nothing is written
            any more, so that the answer holds all there will ever be.
        """
        if not self.exists():
            return PullAnswer(run=request.run, missing=True)
        answer = PullAnswer(run=request.run, alive=alive)
        budget = max(request.limit, RECORD_SIZE)
        for name in self._append_only():
            size = self._size(name)
            offset = request.offsets.get(name, 0)
            if size <= offset:
                continue
            if budget < RECORD_SIZE:
                answer.more = True
                break
            chunk = self._chunk(name, offset, min(size - offset, budget))
            budget -= len(chunk)
            if chunk:
                answer.chunks[name] = chunk
                answer.more = answer.more or offset + len(chunk) < whole_size(name, size)
        for name in WHOLE_FILES:
            state = self._state(name, request.tokens.get(name))
            if state is not None:
                answer.files[name] = state
        return answer

    def _append_only(self) -> list[str]:
        """List append-only files, the one that may be a flood last."""
        try:
            series = sorted(entry.name for entry in os.scandir(self.path / METRICS))
        except FileNotFoundError:
            series = []
        records = [f"{METRICS}/{name}" for name in series if name.endswith(SUFFIX)]
        return [EVENTS, *records, OUTPUT]

    def _size(self, name: str) -> int:
        try:
            status = (self.path / name).lstat()
        except FileNotFoundError:
            return 0
        return status.st_size if stat.S_ISREG(status.st_mode) else 0

    def _chunk(self, name: str, offset: int, length: int) -> bytes:
        with open(os.open(self.path / name, _PLAIN), "rb") as file:
            data = os.pread(file.fileno(), length, offset)
            if name.endswith(SUFFIX):
                return data[: whole_records(len(data))]
            if name != EVENTS:
                return data
            cut = data.rfind(b"\n") + 1
            if not cut and data:
                file.seek(offset)
                line = file.readline()
                return line if line.endswith(b"\n") else b""
            return data[:cut]

    def _state(self, name: str, known: str | None) -> FileState | None:
        try:
            descriptor = os.open(self.path / name, _PLAIN)
        except OSError:
            return None
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            token = f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"
            content = None if token == known else file.read().decode("utf-8", "replace")
        return FileState(token=token, content=content)

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Return a part of a file inside the folder.

        Parameters
        ----------
        path : str
            Relative, with slashes: ``checkpoint/000000000500/state.pt``.
        offset, length : int
            Bytes; fewer come back at the end of the file.

        Raises
        ------
        InvalidRequestError
            If the path would leave the folder, or a link is in it.
        NotFoundError
            If there is no such file.
        """
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or "\0" in path:
            raise InvalidRequestError(
                f"Path {path!r} leaves the run folder; a relative path inside it is accepted."
            )
        if offset < 0 or length < 0:
            raise InvalidRequestError(
                f"Offset {offset} and length {length} of {path!r} must be zero or more."
            )
        descriptor = self._open_inside(parts)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InvalidRequestError(f"Path {path!r} is no plain file of the run folder.")
            return os.pread(descriptor, length, offset)
        finally:
            os.close(descriptor)

    def _open_inside(self, parts: tuple[str, ...]) -> int:
        """Open a file one step at a time, so that no link on the way is ever followed."""
        shown = "/".join(parts)
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            for number, part in enumerate(parts, start=1):
                kind = os.O_DIRECTORY if number < len(parts) else 0
                try:
                    inner = os.open(part, _PLAIN | kind, dir_fd=descriptor)
                finally:
                    os.close(descriptor)
                descriptor = inner
        except FileNotFoundError as error:
            raise NotFoundError(f"The run folder has no file {shown!r}.") from error
        except OSError as error:
            raise InvalidRequestError(
                f"Path {shown!r} is a link or no plain file of the run folder ({error.strerror})."
            ) from error
        return descriptor

    def signal(self, action: Literal["stop", "kill"]) -> bool:
        """Ask the process to stop, or end it with all that it started.

        Parameters
        ----------
        action : {"stop", "kill"}
            SIGTERM to the process, or SIGKILL to its session.

        Returns
        -------
        bool
            Whether the process was there to get it.
        """
        record = self.process()
        if record is None:
            return False
        try:
            # The descriptor keeps meaning this process even if the pid is given to another.
            descriptor = os.pidfd_open(record.pid)
        except ProcessLookupError:
            return False
        try:
            if not is_same_process(record.pid, record.start_time, record.boot_id):
                return False
            if action == "kill":
                _kill_session(record.pid)
            number = signal.SIGKILL if action == "kill" else signal.SIGTERM
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True

    def remove(self) -> None:
        """Remove the folder; one that is gone already is fine.

        Raises
        ------
        ConflictError
            If its process is alive.
        """
        if not self.path.exists():
            return
        if self.is_alive():
            raise ConflictError(f"The run folder {self.path} belongs to a process that is alive.")
        # Renamed first, so that a crash on the way leaves no folder that looks like a run.
        beside = Path(tempfile.mkdtemp(prefix=".removed.", dir=self.path.parent))
        self.path.rename(beside / self.path.name)
        shutil.rmtree(beside)
        with contextlib.suppress(OSError):
            self.path.parent.rmdir()
            self.path.parent.parent.rmdir()


def whole_size(name: str, size: int) -> int:
    """Return the size of the part of an append-only file that can be pulled: its whole records.

    Parameters
    ----------
    name : str
        Name of the file in the run folder.
    size : int
        Bytes of the file.

    Returns
    -------
    int
        Bytes, at most `size`.
    """
    return whole_records(size) if name.endswith(SUFFIX) else size


def run_folders(root: Path) -> dict[RunId, RunFolder]:
    """Return every run folder below a host's folder of runs."""
    found: dict[RunId, RunFolder] = {}
    for path in sorted(root.glob(f"[!.]*/[!.]*/[!.]*/{SPEC}")):
        try:
            run = RunId.parse("/".join(path.parent.relative_to(root).parts))
        except ValueError:
            continue
        found[run] = RunFolder(path.parent)
    return found


def _kill_session(leader: int) -> None:
    """End every process of a session, and what was started from there, but the leader."""
    below = set(descendants(leader))
    for name in os.listdir("/proc"):
        if name.isdecimal() and int(name) != leader:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if int(name) in below or os.getsid(int(name)) == leader:
                    os.kill(int(name), signal.SIGKILL)
