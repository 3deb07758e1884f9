"""The tiny process that starts a rank's process and outlives everything else.

Run by path as ``python -I -S shim.py RUN_FOLDER -- COMMAND…``, or called by a forked warm process
through `supervise`. Standard library only, and little of that: it stays in memory as long as the
process that it looks after. It needs ``/proc``, hence Linux.

The shim holds ``shim.lock`` in the run folder for as long as it lives, so that two of them never
start the same run.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

EXEC_FAILED = 127
LOCK_FILE = "shim.lock"
_LOCK_TRIES = 40
_LOCK_PAUSE_S = 0.005
_WRITE_TRIES = 60
_WRITE_PAUSE_S = 1.0
_END_TRIES = 500
_END_PAUSE_S = 0.01
_SET_CHILD_SUBREAPER = 36
"""A command of prctl(2)."""
_IGNORED = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)

_gates: dict[int, int] = {}
"""Pid of a forked process to the pipe end that lets it begin."""
_locks: list[int] = []
"""The descriptor of the lock file, kept open on purpose."""


def supervise(
    run_folder: str, start: Callable[[], int], ready: Callable[[], object] | None = None
) -> int:
    """Become the shim of one run: start its process, wait for it, write down how it ended.

    Call it in a process forked for this; it takes a session of its own, ignores the signals that
    end its relatives, and writes to ``output.log`` from then on.

    Parameters
    ----------
    run_folder : str
        The run folder, which exists.
    start : callable
        Forks the process and returns its pid, best with `fork`.
    ready : callable, optional
        Called when ``process.json`` is written, or when another shim has this run already.

    Returns
    -------
    int
        The exit code as a shell gives it (128 + signal); 0 when another shim has this run.

    Raises
    ------
    OSError
        If ``process.json`` cannot be written. A process that `fork` made then ends unused.
    """
    folder = os.path.abspath(run_folder)
    if os.getsid(0) != os.getpid():
        os.setsid()
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")
    if not _take(folder):
        _call(ready)
        return 0
    redirect_output(os.path.join(folder, "output.log"))
    adopt_orphans()
    pid = start()
    me = os.getpid()
    record = {
        "pid": pid,
        "start_time": _start_time(pid),
        "boot_id": _boot_id(),
        "shim_pid": me,
        "shim_start_time": _start_time(me),
        "started_at": time.time(),
    }
    try:
        _write_json(folder, "process.json", record)
    except OSError:
        os.close(_gates.pop(pid))
        raise
    release(pid)
    _call(ready)
    return _await_end(folder, pid)


def fork(run_folder: str, body: Callable[[], object]) -> int:
    """Fork a process in a session of its own, with ``output.log`` as its output.

    The process waits until the shim has written ``process.json``, and ends unused when the shim
    dies before that: no process ever runs that nobody knows of. It then calls `body` in the run
    folder and ends with code 0, or as Python does for ``SystemExit`` and other exceptions.

    Parameters
    ----------
    run_folder : str
        Run folder of the process.
    body : callable
        Code of the process.

    Returns
    -------
    int
        The pid, in the parent only.
    """
    folder = os.path.abspath(run_folder)
    return fork_gated(os.path.join(folder, "output.log"), folder, body)


def fork_gated(
    log: str,
    cwd: str,
    body: Callable[[], object],
    before: Callable[[], object] | None = None,
) -> int:
    """Fork a process that begins when `release` is called; return its pid in the parent.

    What may be done without knowing the run, `before` does while the process waits.

    Parameters
    ----------
    log : str
        File for the output of the process.
    cwd : str
        Working folder of the process.
    body : callable
        Code of the process, called after `release`.
    before : callable, optional
        Preparations that need not know the run, called while the process waits.

    Raises
    ------
    OSError
        If the system cannot fork.
    """
    wait_end, gate = os.pipe()
    # A signal that came before the child has handlers of its own would be lost in ours.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
    except OSError:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(wait_end)
        os.close(gate)
        raise
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(wait_end)
        _gates[pid] = gate
        return pid
    code = 1
    try:
        os.close(gate)
        _begin(log, cwd)
        _call(before)
        if os.read(wait_end, 1):
            os.close(wait_end)
            code = _run(body)
    finally:
        # Nothing of the parent's (atexit, buffers, tests) may run a second time here.
        os._exit(code)


def release(pid: int) -> None:
    """Let a process that `fork_gated` made begin."""
    gate = _gates.pop(pid, None)
    if gate is not None:
        # It may have been killed while it waited; that shows when it is waited for.
        with contextlib.suppress(BrokenPipeError):
            os.write(gate, b"1")
        os.close(gate)


def execute(command: list[str], env: dict[str, str] | None = None) -> NoReturn:
    """Replace this process by a command; a failure is printed and ends it with code 127.

    Parameters
    ----------
    command : list of str
        Program and arguments.
    env : dict, optional
        Environment variables of the program; None: those of this process.

    Raises
    ------
    SystemExit
        With code `EXEC_FAILED`, if the program cannot be run.
    """
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, os.environ if env is None else env)
    except OSError as error:
        print(f"cannot run {command[0]!r}: {error.strerror}", file=sys.stderr)  # noqa: T201 - to output.log
    raise SystemExit(EXEC_FAILED)


def redirect_output(log: str) -> None:
    """Send stdout and stderr of this process to the end of a file, and close stdin."""
    null = os.open(os.devnull, os.O_RDONLY)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(file, 1)
    os.dup2(file, 2)
    for descriptor in (null, file):
        if descriptor > 2:
            os.close(descriptor)


def _call(callback: Callable[[], object] | None) -> None:
    if callback is not None:
        callback()


def _begin(log: str, cwd: str) -> None:
    """Set up a forked process: nothing that the parent ignores or holds may reach it."""
    os.setsid()
    for descriptor in (*_locks, *_gates.values()):
        os.close(descriptor)
    _gates.clear()
    _locks.clear()
    signal.set_wakeup_fd(-1)
    # SIGPIPE stays ignored, as Python has it; `execute` puts it right for other programs.
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE}:
        if signal.getsignal(number) not in (signal.SIG_DFL, None):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    redirect_output(log)
    os.chdir(cwd)


def _run(body: Callable[[], object]) -> int:
    """Run the body of a forked process and return its exit code as Python would."""
    try:
        body()
        code = 0
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            code = error.code or 0
        else:
            sys.stderr.write(f"{error.code}\n")
            code = 1
    except BaseException:  # noqa: BLE001 - this is the top of the process
        sys.excepthook(*sys.exc_info())
        code = 1
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    return code & 0xFF


def _take(folder: str) -> bool:
    """Return whether this shim is the one to start the run."""
    path = os.path.join(folder, LOCK_FILE)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            # A check whether the run is alive holds the lock for a moment too.
            time.sleep(_LOCK_PAUSE_S)
    else:
        os.close(descriptor)
        return False
    _locks.append(descriptor)
    return not os.path.exists(os.path.join(folder, "process.json"))


def _await_end(folder: str, pid: int) -> int:
    # While the leader is not reaped its pid names nobody else, so its group can be ended safely.
    while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)) and ended.si_pid != pid:
        os.waitpid(ended.si_pid, 0)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    _end_descendants(pid)
    _, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    record = {
        "code": code if code >= 0 else None,
        "signal": -code if code < 0 else None,
        "ended_at": time.time(),
        "max_rss": usage.ru_maxrss * unit,
    }
    # A run without exit.json counts as killed and is trained again: worth waiting for disk space.
    for left in reversed(range(_WRITE_TRIES)):
        try:
            _write_json(folder, "exit.json", record, fsync=True)
            break
        except OSError:
            if not left or not os.path.isdir(folder):
                raise
            time.sleep(_WRITE_PAUSE_S)
    return code if code >= 0 else 128 - code


def adopt_orphans() -> None:
    """Become the parent of every process below this one that outlives its own parent.

    So that also what has taken a session of its own can be found when the run has ended.
    """
    with contextlib.suppress(Exception):  # without it only such processes are out of reach
        import ctypes  # noqa: PLC0415 - nobody else needs it here

        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(root: int) -> list[int]:
    """Return the pids of all below a process, parents before children; those not seen off, too."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError, ValueError), open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), ())
        found += below
        waiting += below
    return found


def _end_descendants(leader: int) -> None:
    """End what the process of this run has left behind, before its end is told."""
    for _ in range(_END_TRIES):
        left = [pid for pid in descendants(os.getpid()) if pid != leader]
        if not left:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            # Each becomes a child of this process when its parent has ended, and is seen off then.
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(_END_PAUSE_S)


def _write_json(folder: str, name: str, value: Any, fsync: bool = False) -> None:
    temporary = os.path.join(folder, f".{name}.{os.getpid()}")
    try:
        with open(temporary, "w", opener=_private) as file:
            json.dump(value, file)
            if fsync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, os.path.join(folder, name))
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _start_time(pid: int) -> float:
    with open(f"/proc/{pid}/stat", "rb") as file:
        stat = file.read()
    return float(stat[stat.rindex(b")") + 2 :].split()[19])


def _boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def main(arguments: list[str]) -> int:
    """Leave a shim behind and return 0 when its process has started."""
    if len(arguments) < 3 or arguments[1] != "--":
        sys.stderr.write("usage: shim.py RUN_FOLDER -- COMMAND...\n")
        return 2
    run_folder, command = os.path.abspath(arguments[0]), arguments[2:]
    if not os.path.isdir(run_folder):
        sys.stderr.write(f"{run_folder} is no folder\n")
        return 2
    wait_end, told = os.pipe()
    if os.fork():
        os.close(told)
        return 0 if os.read(wait_end, 1) else 1
    os.close(wait_end)

    def start() -> int:
        return fork(run_folder, lambda: execute(command))

    def ready() -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(told, b"1")
        os.close(told)

    return supervise(run_folder, start, ready)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
