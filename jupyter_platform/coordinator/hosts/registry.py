"""Which hosts there are, whether they answer, and what they offer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from jupyter_platform.cluster.backends import Backend
from jupyter_platform.coordinator.hosts.filters import Attributes
from jupyter_platform.coordinator.hosts.links import Link, Members
from jupyter_platform.coordinator.hosts.offers import GpuOffer, Grants, HostOffer
from jupyter_platform.coordinator.notices.events import EventHub
from jupyter_platform.coordinator.notices.notifications import Notifications
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import HostRow
from jupyter_platform.core.errors import (
    HostError,
    NotFoundError,
    PlatformError,
    unknown_name,
)
from jupyter_platform.core.hosts import (
    HEARTBEAT_S,
    LOST_AFTER_S,
    SILENT_AFTER_S,
    HostDescription,
    HostRecord,
    HostSample,
)
from jupyter_platform.core.units import format_bytes, format_count
from jupyter_platform.runtime.identity import boot_id

log = logging.getLogger(__name__)

STOPPED: Final = "stopped"
SAMPLE_TIMEOUT_S = 5.0
FAILURE_MEMORY_S = 600.0
"""Seconds that a failure of a host counts when work is placed."""


@dataclass
class Host:
    """What is known of one host."""

    description: HostDescription
    joined_at: datetime
    last_seen_at: datetime
    lost: bool = False
    stopped: bool = False
    """Whether somebody wants it to be down."""
    silent: bool = False
    """Whether it owes an answer for `SILENT_AFTER_S`."""
    address: str | None = None
    """Address of the agent's life that was described; None until it has answered."""
    sample: HostSample | None = None
    seen: float = field(default_factory=time.monotonic)
    """When it last answered, on the monotonic clock."""
    failures: list[float] = field(default_factory=list)
    """Unix times, s."""


class HostRegistry:
    """Follows the members of the cluster, asks each how it does, and notices who falls silent.

    A host process that restarts within `LOST_AFTER_S` is not lost: what runs there goes on.

    Parameters
    ----------
    grants : Grants
        Tells what of each host is granted.
    on_sample : coroutine function
        Called with the name of a host and each sample of it.
    backends : sequence of Backend
        Who starts hosts, and says whether work outlives them.
    """

    def __init__(
        self,
        cluster: Members,
        store: Store,
        grants: Grants,
        hub: EventHub,
        notifications: Notifications,
        on_sample: Callable[[str, HostSample], Awaitable[None]],
        *,
        backends: Sequence[Backend] = (),
        heartbeat_s: float = HEARTBEAT_S,
        lost_after_s: float = LOST_AFTER_S,
        silent_after_s: float = SILENT_AFTER_S,
    ) -> None:
        self.lost_after_s = lost_after_s
        self._silent_after_s = silent_after_s
        self._backends = backends
        self._cluster = cluster
        self._store = store
        self._grants = grants
        self._hub = hub
        self._notifications = notifications
        self._on_sample = on_sample
        self._heartbeat_s = heartbeat_s
        self._hosts: dict[str, Host] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._wakes: dict[str, asyncio.Event] = {}
        self._listening: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[str], None]] = []
        self._unsubscribe: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Take up the hosts that were known and begin to follow the cluster."""
        for row in await self._store.read(lambda s: list(s.scalars(select(HostRow)))):
            self._hosts[row.name] = Host(
                description=HostDescription.model_validate(row.description),
                joined_at=row.joined_at,
                last_seen_at=row.last_seen_at,
                lost=row.state in ("lost", STOPPED),
                stopped=row.state == STOPPED,
                failures=[float(item) for item in row.failures],
            )
        self._unsubscribe = self._cluster.on_change(self._members_changed)
        for name in self._hosts:
            self._watch(name)
        self._listening = asyncio.create_task(self._listen(), name="silent hosts")
        self._members_changed()

    async def close(self) -> None:
        """Stop asking."""
        self._unsubscribe()
        tasks = [*self._watchers.values(), *filter(None, [self._listening])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._watchers.clear()

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the name of a host that joined, came back or was lost."""
        self._listeners.append(listener)

    def link(self, name: str) -> Link | None:
        """Return the way to a host that has answered in its present life, else None."""
        host, link = self._hosts.get(name), self._cluster.links().get(name)
        if host is None or link is None or host.address != link.address:
            return None
        found: Link = link
        return found

    def is_lost(self, name: str) -> bool:
        """Return whether a host was silent for too long; an unknown one is lost."""
        host = self._hosts.get(name)
        return host is None or host.lost

    async def work_survives(self, name: str) -> bool:
        """Return whether what ran on a lost host may still run there.

        So it is of a host that no back end of ours has started, and while its own does not answer.
        """
        for backend in self._backends:
            try:
                async with asyncio.timeout(SAMPLE_TIMEOUT_S):
                    known = {} if backend.work_survives else await asyncio.to_thread(backend.hosts)
            except (HostError, TimeoutError) as error:
                log.info("back end %s does not tell its hosts: %s", backend.name, error)
            else:
                if name in known:
                    return False
        return True

    def silent_for(self, name: str) -> float:
        """Return the seconds since a host last answered."""
        host = self._hosts.get(name)
        return float("inf") if host is None else time.monotonic() - host.seen

    def names(self) -> list[str]:
        """Return all hosts, lost ones too."""
        return sorted(self._hosts)

    def checked(self, name: str) -> str:
        """Return the name of a host that is known.

        Raises
        ------
        NotFoundError
            If there is none by that name.
        """
        if name not in self._hosts:
            error = unknown_name("host", name, self.names())
            raise NotFoundError(error.message, errors=[error])
        return name

    def description(self, name: str) -> HostDescription | None:
        """Return the description that a host sent when it joined."""
        host = self._hosts.get(name)
        return None if host is None else host.description

    def records(self) -> list[HostRecord]:
        """Return all hosts as the API shows them; lost ones stay listed."""
        return [self.record(name) for name in self.names()]

    def record(self, name: str) -> HostRecord:
        """Return one host as the API shows it."""
        host, busy = self._hosts[name], self._grants.busy(name)
        return HostRecord(
            description=host.description,
            address=host.address,
            state=_state(host),
            joined_at=host.joined_at,
            last_seen_at=host.last_seen_at,
            cpus_busy=busy.cpus,
            memory_busy=busy.memory,
            gpus_busy=busy.gpus,
            jobs=busy.jobs,
            sample=host.sample,
        )

    def cpus_busy(self, name: str) -> int:
        """Return how many CPUs of a host are granted."""
        return self._grants.busy(name).cpus

    def offers(self) -> list[HostOffer]:
        """Return the hosts as the planner takes them; only those that can be reached are up."""
        return [
            HostOffer(
                name,
                host.description.cpus,
                host.description.memory,
                _gpu_offers(host),
                host.description.roles,
                up=not (host.lost or host.stopped) and self.link(name) is not None,
                at_home=host.description.boot_id == boot_id(),
                attributes=_attributes(host.description),
            )
            for name, host in sorted(self._hosts.items())
        ]

    def failures(self) -> dict[str, float]:
        """Return how often each host failed lately."""
        since = time.time() - FAILURE_MEMORY_S
        return {
            name: float(sum(moment > since for moment in host.failures))
            for name, host in self._hosts.items()
        }

    async def count_failure(self, name: str) -> None:
        """Remember that work failed on a host through no fault of its own."""
        host = self._hosts.get(name)
        if host is not None:
            host.failures = [*host.failures[-9:], time.time()]
            await self._keep(host)

    async def set_stopped(self, name: str, stopped: bool) -> None:
        """Note whether a host is to be down; it gets no work then, and is not missed.

        Parameters
        ----------
        name : str
            Name of the host.
        stopped : bool
            Whether somebody wants it to be down.
        """
        host = self._hosts[name]
        host.stopped = stopped
        await self._keep(host)
        self._changed(name)

    def publish(self, name: str) -> None:
        """Tell everybody who listens how a host is."""
        if name in self._hosts:
            self._hub.publish("host", self.record(name))

    def _members_changed(self) -> None:
        for name in self._cluster.links():
            self._watch(name)
            self._wakes[name].set()
        for name, wake in self._wakes.items():
            if name not in self._cluster.links():
                wake.set()

    def _watch(self, name: str) -> None:
        if name not in self._watchers:
            self._wakes[name] = asyncio.Event()
            self._watchers[name] = asyncio.create_task(self._follow(name), name=f"host {name}")

    async def _follow(self, name: str) -> None:
        wake = self._wakes[name]
        while True:
            wake.clear()
            try:
                await self._ask(name)
            except PlatformError as error:
                log.debug("host %s: %s", name, error)
            except Exception:
                # Watching must outlive any answer, or a loss would never be noticed.
                log.exception("watching host %s failed", name)
            await self._notice_loss(name)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._heartbeat_s):
                    await wake.wait()

    async def _listen(self) -> None:
        """Name hosts that owe an answer; a question to one may take longer than that."""
        while True:
            now = time.monotonic()
            for name, host in self._hosts.items():
                silent = not host.lost and now - host.seen >= self._silent_after_s
                if silent and not host.silent:
                    host.silent = True
                    self.publish(name)
            await asyncio.sleep(self._silent_after_s / 8)

    async def _ask(self, name: str) -> None:
        link = self._cluster.links().get(name)
        if link is None:
            return
        host = self._hosts.get(name)
        if host is None or host.address != link.address or host.lost:
            answer, _ = await link.call("describe", timeout_s=SAMPLE_TIMEOUT_S)
            await self._joined(name, link, HostDescription.model_validate(answer))
        answer, _ = await link.call("sample", timeout_s=SAMPLE_TIMEOUT_S)
        await self._seen(name, HostSample.model_validate(answer))

    async def _joined(self, name: str, link: Link, description: HostDescription) -> None:
        if description.name != name:
            raise HostError(f"Host {name} says that its name is {description.name}.")
        now = datetime.now(UTC)
        before = self._hosts.get(name)
        known = before is not None and before.description.id == description.id
        host = before if before is not None and known else Host(description, now, now)
        was_lost = host.lost
        if was_lost:
            host.joined_at = now
        restarted = known and not was_lost and host.address not in (None, link.address)
        host.description, host.address, host.lost = description, link.address, False
        # Whoever has started it again wants it, be it by taking the platform down and up.
        host.stopped = False
        host.seen, host.last_seen_at = time.monotonic(), now
        self._hosts[name] = host
        await self._keep(host)
        if not known or was_lost:
            verb = "is back" if known else "joined"
            await self._notifications.add("info", f"{_offer_text(description)} {verb}.", host=name)
        elif restarted:
            await self._notifications.add("info", f"Host {name} was restarted.", host=name)
        self._changed(name)

    async def _seen(self, name: str, sample: HostSample) -> None:
        host = self._hosts[name]
        host.sample, host.seen, host.last_seen_at = sample, time.monotonic(), datetime.now(UTC)
        host.silent = False
        if sample.warm != host.description.warm:
            host.description = host.description.model_copy(update={"warm": sample.warm})
        await self._on_sample(name, sample)
        if self._hub.subscribers:
            self.publish(name)

    async def _notice_loss(self, name: str) -> None:
        host = self._hosts.get(name)
        if host is None or host.lost or time.monotonic() - host.seen < self.lost_after_s:
            return
        host.lost, host.sample, host.address = True, None, None
        await self._keep(host)
        if not host.stopped:
            silence = time.monotonic() - host.seen
            text = f"Host {name} is lost: it has not answered for {silence:.0f} s."
            await self._notifications.add("warning", text, host=name)
        self._changed(name)

    def _changed(self, name: str) -> None:
        self.publish(name)
        for listener in self._listeners:
            listener(name)

    async def _keep(self, host: Host) -> None:
        row = HostRow(
            id=host.description.id,
            name=host.description.name,
            description=host.description.model_dump(mode="json"),
            address=host.address,
            state=_kept_state(host),
            joined_at=host.joined_at,
            last_seen_at=host.last_seen_at,
            failures=list(host.failures),
        )

        def write(session: Session) -> None:
            # A host whose folder was wiped comes back under its name with another id.
            same_name = delete(HostRow).where(HostRow.name == row.name, HostRow.id != row.id)
            session.execute(same_name)
            session.merge(row)

        await self._store.run(write)


def _state(host: Host) -> Literal["up", "silent", "lost", "stopped"]:
    if host.stopped:
        return STOPPED
    return "lost" if host.lost else "silent" if host.silent else "up"


def _kept_state(host: Host) -> str:
    return STOPPED if host.stopped else "lost" if host.lost else "up"


def _gpu_offers(host: Host) -> tuple[GpuOffer, ...]:
    samples = {gpu.index: gpu for gpu in host.sample.gpus} if host.sample else {}
    return tuple(
        GpuOffer(gpu.index, samples[gpu.index].foreign_memory if gpu.index in samples else 0)
        for gpu in host.description.gpus
    )


def _attributes(description: HostDescription) -> Attributes:
    """Return the properties of a host that filters match."""
    return {
        "name": (description.name,),
        "id": (description.id,),
        "arch": (description.arch,),
        # With and without the release: "Linux 6.1.0" is Linux.
        "os": (description.os, description.os.split(" ")[0]),
        "ip": (description.ip,),
        "cpus": (description.cpus,),
        "memory": (description.memory,),
        "gpu": tuple(gpu.name for gpu in description.gpus),
        "gpu_memory": tuple(gpu.memory for gpu in description.gpus),
        "site": (description.site,) if description.site else (),
        "role": tuple(role for role, most in description.roles.items() if most != 0),
        "runtime": tuple(name for name, reason in description.runtimes.items() if reason is None),
    }


def _offer_text(description: HostDescription) -> str:
    parts = [format_count(description.cpus, "CPU"), format_bytes(description.memory)]
    if description.gpus:
        parts.append(format_count(len(description.gpus), "GPU"))
    return f"Host {description.name} ({', '.join(parts)})"
