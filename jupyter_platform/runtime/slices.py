"""The slice of this machine that one host offers.

CPUs and GPUs are claimed by file locks in one folder per machine and boot, so that two hosts,
whoever started them, never offer the same ones. A lock ends with the process that holds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from jupyter_platform.core.errors import HostError
from jupyter_platform.core.hosts import GpuRecord
from jupyter_platform.core.units import format_bytes, format_count
from jupyter_platform.runtime.cgroups import cpu_quota, memory_limit
from jupyter_platform.runtime.gpus import GpuInventory, gpu_inventory
from jupyter_platform.runtime.identity import boot_id


@dataclass
class Slice:
    """The offer of a host, held until `release` or the end of the process."""

    cpus: int
    memory: int
    """Bytes."""
    gpus: list[GpuRecord]
    cpu_affinity: list[int] | None
    """The CPUs that were claimed; None when overcommitted or limited by a cgroup's quota, which
    is a share of all CPUs and not a set of them."""
    overcommitted: str | None
    """A sentence when more is offered than the machine has or others leave."""
    gpus_not_offered: tuple[str, ...] = ()
    """A sentence for each GPU that cannot be offered."""
    locks: list[int] = field(default_factory=list, repr=False)

    def release(self) -> None:
        """Give the claims back; a second call does nothing."""
        while self.locks:
            os.close(self.locks.pop())


def machine_cpus() -> int:
    """Return how many CPUs this process may use, by affinity and cgroup quota."""
    return len(_usable_cpus()[0])


def machine_memory() -> int:
    """Return how many bytes of memory this process may use, by machine and cgroup limit."""
    total: int = psutil.virtual_memory().total
    return min(total, memory_limit() or total)


def claim_slice(
    *,
    cpus: int | None = None,
    memory: int | None = None,
    gpus: int | None = None,
    overcommit: bool = False,
    folder: Path | None = None,
) -> Slice:
    """Claim CPUs, memory and GPUs of this machine.

    Parameters
    ----------
    cpus, gpus : int, optional
        How many; None: all that no other host has claimed.
    memory : int, optional
        Bytes; None: the share of the machine's memory that goes with the CPUs.
    overcommit : bool
        Claim nothing and offer what is asked for, whatever the machine has and others offer.
    folder : Path, optional
        Where the locks lie; by default one folder for all users of this machine.

    Raises
    ------
    HostError
        If the machine has less, or others hold it; it names them.
    """
    inventory = gpu_inventory()
    if overcommit:
        return _overcommitted(cpus, memory, gpus, inventory)
    found_gpus = inventory.offered
    usable, by_quota = _usable_cpus()
    _refuse_excess(cpus, len(usable), "cpus", "CPU")
    _refuse_excess(gpus, len(found_gpus), "gpus", "GPU", inventory.not_offered)
    if memory is not None and memory > machine_memory():
        raise HostError(
            f"Setting cluster.memory = {format_bytes(memory)}: this machine offers at most "
            f"{format_bytes(machine_memory())}. Ask for less, or set cluster.overcommit for trials."
        )
    claims = _Claims(folder or Path(f"/tmp/jupyter-platform-slices-{boot_id()[:8]}"))
    try:
        taken = claims.take((f"cpu-{number}" for number in usable), cpus, "CPU", least=1)
        affinity = sorted(int(name.removeprefix("cpu-")) for name in taken)
        wanted = claims.take((f"gpu-{gpu.uuid}" for gpu in found_gpus), gpus, "GPU", least=0)
    except BaseException:
        claims.release()
        raise
    finally:
        claims.close()
    return Slice(
        cpus=len(affinity),
        memory=memory or machine_memory() * len(affinity) // len(usable),
        gpus=[gpu for gpu in found_gpus if f"gpu-{gpu.uuid}" in wanted],
        cpu_affinity=None if by_quota else affinity,
        overcommitted=None,
        gpus_not_offered=inventory.not_offered,
        locks=claims.locks,
    )


def _usable_cpus() -> tuple[list[int], bool]:
    """Return the CPUs that may be claimed, and whether a quota made them fewer."""
    if hasattr(os, "sched_getaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
    else:
        allowed = list(range(os.cpu_count() or 1))
    quota = cpu_quota()
    if quota is None or quota >= len(allowed):
        return allowed, False
    # The same first ones for everybody under this quota, so that their claims meet.
    return allowed[: max(int(quota), 1)], True


def _refuse_excess(
    asked: int | None, there: int, setting: str, noun: str, reasons: Sequence[str] = ()
) -> None:
    if asked is not None and asked > there:
        offer = f"this machine offers {format_count(there, noun)}."
        cure = f"Ask for at most {there}, or set cluster.overcommit for trials."
        raise HostError(" ".join((f"Setting cluster.{setting} = {asked}: {offer}", *reasons, cure)))


def _overcommitted(
    cpus: int | None, memory: int | None, gpus: int | None, inventory: GpuInventory
) -> Slice:
    found = list(inventory.offered)
    there = machine_cpus()
    offered = cpus or there
    if offered > there:
        where = f"on a machine of {there}"
    else:
        where = f"of a machine of {there}, which others may offer too"
    if gpus is not None and gpus > len(found):
        problem = (
            f"Setting cluster.gpus = {gpus}: this machine has {format_count(len(found), 'GPU')}, "
            "and GPUs that are not there cannot be offered."
        )
        raise HostError(" ".join((problem, *inventory.not_offered)))
    return Slice(
        cpus=offered,
        memory=memory or machine_memory(),
        gpus=found if gpus is None else found[:gpus],
        cpu_affinity=None,
        overcommitted=f"offers {format_count(offered, 'CPU')} {where} (overcommitted)",
        gpus_not_offered=inventory.not_offered,
    )


class _Claims:
    """File locks in a folder that every user of the machine may write to."""

    def __init__(self, folder: Path) -> None:
        self.locks: list[int] = []
        self._shown = folder
        self._folder = _open_shared(folder)

    def take(self, names: Iterable[str], count: int | None, noun: str, least: int) -> list[str]:
        """Lock `count` of the named files, or all that are free."""
        taken: list[str] = []
        holders: list[str] = []
        for name in names:
            if count is not None and len(taken) == count:
                break
            descriptor = self._lock(name, holders)
            if descriptor is not None:
                self.locks.append(descriptor)
                taken.append(name)
        needed = least if count is None else count
        if len(taken) < needed:
            held = "; ".join(dict.fromkeys(holders))
            raise HostError(
                f"This machine has only {format_count(len(taken), noun)} left where {needed} "
                f"{'is' if needed == 1 else 'are'} needed: other hosts hold the rest ({held}). "
                "Stop them, ask for less, or set cluster.overcommit for trials."
            )
        return taken

    def release(self) -> None:
        while self.locks:
            os.close(self.locks.pop())

    def close(self) -> None:
        os.close(self._folder)

    def _lock(self, name: str, holders: list[str]) -> int | None:
        descriptor = self._open(name)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holders.append(os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip())
            os.close(descriptor)
            return None
        note = f"process {os.getpid()} of user {_user()}\n".encode()
        with contextlib.suppress(OSError):
            # Opened for writing by its path below /proc, as it may be another user's file.
            writer = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_CLOEXEC)
            with open(writer, "wb", buffering=0) as file:
                file.truncate(0)
                file.write(note)
        return descriptor

    def _open(self, name: str) -> int:
        safe = name.replace("/", "_")
        plain = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            try:
                descriptor = os.open(safe, plain, dir_fd=self._folder)
            except FileNotFoundError:
                # Separate, as fs.protected_regular refuses O_CREAT on another user's file.
                descriptor = os.open(safe, plain | os.O_CREAT, 0o666, dir_fd=self._folder)
                os.fchmod(descriptor, 0o666)
        except OSError as error:
            raise HostError(
                f"The claim {self._shown / safe} cannot be opened ({error.strerror}); remove it."
            ) from error
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            os.close(descriptor)
            raise HostError(f"The claim {self._shown / safe} is no plain file; remove it.")
        return descriptor


def _open_shared(folder: Path) -> int:
    """Open a folder of a world-writable place, made if need be, and never through a link."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o1777)
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise HostError(
            f"The folder of claims {folder} cannot be opened ({error.strerror}); remove it."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        os.close(descriptor)
        raise HostError(f"The folder of claims {folder} is closed to you; its owner can remove it.")
    return descriptor


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
