"""Making environments: each once, whole or not at all, however many ask for it at a time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import uv

import jupyter_platform
from jupyter_platform.core.errors import HostError
from jupyter_platform.core.units import format_bytes, format_count
from jupyter_platform.runtime.atomic import write_json_atomic
from jupyter_platform.runtime.stopping import StopRequest, end_tree, wait_for
from jupyter_platform.runtime.virtual_environments.collecting import remove_unused
from jupyter_platform.runtime.virtual_environments.lock import Lock, Pin, installed_packages

Progress = Callable[[str, float | None], None]
"""Called with a sentence, and the part that is done, 0 to 1."""

MADE = "made.json"
"""The last file of an environment: without it, what is there is half of one."""
FORMAT = 1
"""Goes into the digest: counts up when environments are made in another way."""
LONGEST_S = 3600.0
"""Seconds after which an installation is given up."""
_PAUSE_S = 0.1
_TAIL = 4
_UNREACHABLE = re.compile(
    r"dns error|failed to (?:lookup|fetch|resolve)|connect(?:ion)? (?:error|refused|reset)"
    r"|client error \(Connect\)|timed? ?out|network is unreachable|offline",
    re.IGNORECASE,
)


class StoppedError(Exception):
    """A stop was asked for while the environment was being made."""


@dataclass
class MadeEnvironment:
    """An environment that is used; it is kept for as long as this is open."""

    interpreter: Path
    folder: Path | None = None
    """None: the platform's own."""
    _descriptor: int | None = field(default=None, repr=False)

    def variables(self, around: Mapping[str, str]) -> dict[str, str]:
        """Return the environment variables of a process in it.

        Parameters
        ----------
        around : mapping
            The variables of this process.
        """
        found = dict(around)
        programs = str(self.interpreter.parent)
        found["PATH"] = f"{programs}{os.pathsep}{found.get('PATH', os.defpath)}"
        if self.folder is not None:
            # They would come before what the environment has.
            for name in ("PYTHONPATH", "PYTHONHOME"):
                found.pop(name, None)
            found["VIRTUAL_ENV"] = str(self.folder)
        return found

    def close(self) -> None:
        """Say that it is not used any more; twice is fine."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def platform_environment() -> MadeEnvironment:
    """Return the environment of the platform itself."""
    return MadeEnvironment(Path(sys.executable))


def digest_of(lock: Lock, layered: bool, installed: Mapping[str, str]) -> str:
    """Return what names an environment: all that decides what is in it.

    Parameters
    ----------
    lock : Lock
        The exact packages.
    layered : bool
        Whether it lies over the platform's packages.
    installed : mapping
        The platform's packages, version by name.
    """
    over: list[object] = []
    if layered:
        names = {pin.name for pin in lock.pins}
        over = [sys.prefix, sorted((name, installed[name]) for name in names & installed.keys())]
    facts = [
        FORMAT,
        hashlib.sha256(lock.content).hexdigest(),
        sys.implementation.cache_tag,
        platform.machine(),
        sys.base_prefix,
        over,
        # An environment apart has a link to the package.
        None if layered else str(_package()),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def prepare_environment(
    root: Path, lock: Lock, *, layered: bool, stop: StopRequest, on_progress: Progress
) -> MadeEnvironment:
    """Return an environment with the packages of a lock, which is made where there is none.

    Parameters
    ----------
    root : Path
        Folder of all environments.
    lock : Lock
        The exact packages.
    layered : bool
        Whether it lies over the platform's packages, or apart from them.
    stop : StopRequest
        Ends the installation when it is asked for.
    on_progress : callable
        Is told what is done, and how much of it.

    Raises
    ------
    HostError
        If it cannot be made; the message says why, and nothing of it stays.
    InvalidDataError
        If the lock and the platform's packages do not go together.
    StoppedError
        If a stop was asked for.
    """
    installed = installed_packages()
    pins = lock.without_platform(installed) if layered else lock.pins
    digest = digest_of(lock, layered, installed)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = root / digest
    with _turn(root / f"{digest}.lock", stop, on_progress) as turn:
        if not (folder / MADE).exists():
            _Maker(folder, lock, pins, layered, stop, on_progress, turn).make()
            # Whenever the disk got fuller, what nobody has used for long makes room.
            remove_unused(root)
        descriptor = os.open(root / f"{digest}.use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        os.utime(root / f"{digest}.use")
    return MadeEnvironment(folder / "bin" / "python", folder, descriptor)


@contextlib.contextmanager
def _turn(path: Path, stop: StopRequest, on_progress: Progress) -> Iterator[int]:
    """Hold the lock of one environment; it is given back when this process ends, however."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        told = False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    on_progress("Another deployment is making the same environment", None)
                    told = True
            if stop.requested:
                raise StoppedError
            time.sleep(_PAUSE_S)
        yield descriptor
    finally:
        os.close(descriptor)


def _package() -> Path:
    return Path(jupyter_platform.__file__).parent


@dataclass
class _Maker:
    """One making of one environment, by whoever holds its lock."""

    folder: Path
    lock: Lock
    pins: tuple[Pin, ...]
    layered: bool
    stop: StopRequest
    on_progress: Progress
    turn: int
    """Descriptor of the lock: uv holds it too, so that nobody comes between when we are killed."""

    def make(self) -> None:
        # What is there was left by a process that was killed.
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            self._fill()
            write_json_atomic(
                self.folder / MADE, {"lock": str(self.lock.path), "layered": self.layered}
            )
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _fill(self) -> None:
        self.on_progress("Making a virtual environment", 0.0)
        python = sys.executable
        self._uv("venv", "--no-project", "--python", python, str(self.folder))
        self._open_to_platform()
        if not self.pins:
            return
        wanted = self.folder / "requirements.lock"
        wanted.write_text("".join(f"{pin.text}\n" for pin in self.pins))
        names = ", ".join(pin.name for pin in self.pins[:5])
        more = ", …" if len(self.pins) > 5 else ""
        count = format_count(len(self.pins), "package")
        self.on_progress(f"Fetching {count}: {names}{more}", 0.1)
        interpreter = self.folder / "bin" / "python"
        install = ("pip", "install", "--no-deps", "--require-hashes", "--python", str(interpreter))
        self._uv(*install, "--requirements", str(wanted))

    def _open_to_platform(self) -> None:
        """Let it find the platform's packages behind its own; apart from them, ours alone."""
        purelib = next((self.folder / "lib").glob("python*/site-packages"))
        if self.layered:
            places = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
            if not any(_package().is_relative_to(place) for place in places):
                places.append(str(_package().parent))
            # As a folder of packages of its own: installations that are edited count, too.
            lines = [f"import site; site.addsitedir({place!r})" for place in dict.fromkeys(places)]
        else:
            bridge = self.folder / "platform"
            bridge.mkdir()
            (bridge / _package().name).symlink_to(_package(), target_is_directory=True)
            lines = [str(bridge)]
        (purelib / "_jupyter_platform.pth").write_text("\n".join(lines) + "\n")

    def _uv(self, *arguments: str) -> None:
        command = [uv.find_uv_bin(), *arguments]
        variables = {**os.environ, "NO_COLOR": "1", "UV_NO_PROGRESS": "1"}
        variables.pop("VIRTUAL_ENV", None)
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
            cwd="/", env=variables, pass_fds=(self.turn,),
        )  # fmt: skip
        assert child.stderr is not None
        said: list[str] = []
        reader = threading.Thread(target=self._read, args=(child.stderr, said), daemon=True)
        reader.start()
        ended = wait_for(child, self.stop, LONGEST_S)
        if not ended:
            end_tree(child, grace_s=1.0)
        reader.join(timeout=5.0)
        if self.stop.requested:
            raise StoppedError
        if not ended:
            raise HostError(f"{self._failed} It took longer than {LONGEST_S / 60:.0f} minutes.")
        if child.returncode:
            raise HostError(f"{self._failed} {self._reason(said)}")

    @property
    def _failed(self) -> str:
        return f"The environment of {self.lock.path} cannot be made."

    def _read(self, stream: IO[bytes], said: list[str]) -> None:
        """Hand on what uv says to the log, and what of it is progress."""
        for line in stream:
            text = line.decode(errors="replace").rstrip()
            sys.stderr.write(f"{text}\n")
            said.append(text)
            if text.startswith("Prepared "):
                self.on_progress("Installing the packages", 0.8)

    def _reason(self, said: list[str]) -> str:
        told = [re.sub(r"^[\s×├─▶╰│·]+", "", line) for line in said if line.strip()]
        free = shutil.disk_usage(self.folder.parent).free
        words = "; ".join(line.rstrip(".") for line in told[-_TAIL:]) or "uv said nothing"
        if any("hash mismatch" in line.lower() for line in told):
            return f"A package is not the one that was locked: {words}."
        if any(_UNREACHABLE.search(line) for line in told):
            return (
                "The package index cannot be reached from this host, which is needed once: the "
                f"environment is kept afterwards. ({words}.)"
            )
        if any("No space left" in line for line in told):
            return f"The disk of {self.folder.parent} is full ({format_bytes(free)} free)."
        return f"uv says: {words}."
