"""What is looked after while deployments run: whether they answer, whether anybody uses them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.deployments.deletion import DeploymentDeletion
from jupyter_platform.coordinator.deployments.owner import set_alive
from jupyter_platform.coordinator.deployments.records import DeploymentRecords
from jupyter_platform.coordinator.deployments.services.doors import (
    Doors,
    Way,
    newest_attempt,
    way_of,
)
from jupyter_platform.coordinator.identity.principals import PLATFORM, Principal
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import DeploymentRow
from jupyter_platform.core.states import JobState

WARN_BEFORE = 0.8
"""Share of the idle time after which its owner is warned."""
_AT_ONCE = 20
"""Services that are asked at a time."""

Stop = Callable[[Principal, str, str], Awaitable[object]]
Notify = Callable[..., Awaitable[Any]]


class DeploymentUpkeep:
    """Asks services whether they answer, and ends what nobody uses or whose time is over.

    Parameters
    ----------
    stop : coroutine function
        `DeploymentService.stop`.
    notify : coroutine function
        `Notifications.add`.
    """

    def __init__(
        self,
        store: Store,
        doors: Doors,
        records: DeploymentRecords,
        deletion: DeploymentDeletion,
        stop: Stop,
        notify: Notify,
    ) -> None:
        self._store = store
        self._doors = doors
        self._records = records
        self._deletion = deletion
        self._stop = stop
        self._notify = notify
        self._warned: set[str] = set()

    async def ask_services(self) -> None:
        """Note of each service whether it answers now."""

        def running(session: Session) -> list[tuple[Way, bool]]:
            query = select(DeploymentRow).where(DeploymentRow.state == JobState.RUNNING.value)
            return [
                (way_of(row, service, newest_attempt(session, row.id)), since is not None)
                for row in session.scalars(query)
                for service, since in row.services.items()
            ]

        ways = await self._store.read(running)
        places = asyncio.Semaphore(_AT_ONCE)

        async def ask(way: Way) -> bool:
            async with places:
                return await self._doors.is_alive(way)

        answers = await asyncio.gather(*(ask(way) for way, _ in ways))
        news = [
            (way, alive)
            for (way, before), alive in zip(ways, answers, strict=True)
            if alive != before
        ]
        if news:
            changed = await self._store.run(lambda session: _note(session, news))
            await self._records.publish(changed)

    async def end_idle(self) -> None:
        """Warn the owner of what nobody uses, and stop it when its idle time is over."""

        def watched(session: Session) -> list[DeploymentRow]:
            query = select(DeploymentRow).where(
                DeploymentRow.state == JobState.RUNNING.value, DeploymentRow.idle_stop_minutes > 0
            )
            return list(session.scalars(query))

        now, used = time.monotonic(), self._doors.used
        for row in await self._store.read(watched):
            idle_s = now - used.setdefault(row.id, now)
            limit_s = 60.0 * row.idle_stop_minutes
            if idle_s < WARN_BEFORE * limit_s:
                self._warned.discard(row.id)
            elif idle_s >= limit_s:
                self._warned.discard(row.id)
                used.pop(row.id, None)
                await self._stop(
                    PLATFORM, row.id, f"Stopped: idle for {row.idle_stop_minutes} min."
                )
            elif row.id not in self._warned:
                self._warned.add(row.id)
                left_s = limit_s - idle_s
                text = f"Deployment {row.name!r} is idle and is stopped in {left_s:.0f} s."
                await self._notify("warning", text, owner=row.owner)

    async def end_trials(self) -> None:
        """Delete the trials whose time is over."""

        def over(session: Session) -> list[str]:
            query = select(DeploymentRow.id).where(DeploymentRow.expires_at <= datetime.now(UTC))
            return list(session.scalars(query))

        for deployment in await self._store.read(over):
            await self._deletion.delete(PLATFORM, deployment)


def _note(session: Session, news: list[tuple[Way, bool]]) -> list[str]:
    changed = []
    for way, alive in news:
        row = session.get(DeploymentRow, way.deployment)
        if row is None or row.state != JobState.RUNNING.value:
            continue
        if newest_attempt(session, row.id) == way.attempt and set_alive(row, way.service, alive):
            changed.append(row.id)
    return list(dict.fromkeys(changed))
