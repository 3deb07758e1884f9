"""Trials: the page of an item for ten minutes, without a form to fill in."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.deployments.service import DeploymentService
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import DeploymentRow
from jupyter_platform.core.deployments import DeploymentRecord, DeploymentRequest
from jupyter_platform.core.errors import UnavailableError
from jupyter_platform.core.settings import DeploymentSettings
from jupyter_platform.core.states import TERMINAL
from jupyter_platform.core.units import format_count


class Trials:
    """Starts trials, few enough to leave room for work."""

    def __init__(
        self,
        store: Store,
        hosts: HostRegistry,
        deployments: DeploymentService,
        settings: DeploymentSettings,
    ) -> None:
        self._store = store
        self._hosts = hosts
        self._deployments = deployments
        self._settings = settings

    async def begin(self, principal: Principal, item: str, *, base_url: str) -> DeploymentRecord:
        """Start a trial of an item.

        Parameters
        ----------
        base_url : str
            Base URL of the Jupyter server through which it is opened.

        Raises
        ------
        UnavailableError
            If the person has as many as may be, or the hosts are too busy.
        NotFoundError
            If there is no such item.
        """
        load, most = self._load(), self._settings.trials_up_to_load
        if load > most:
            raise UnavailableError(
                f"{load:.0f} % of the CPUs are taken; items can be tried up to {most:g} %. Try "
                "again later, or deploy the item: it waits for room."
            )
        count = await self._store.read(lambda session: _trials_of(session, principal.user))
        limit = self._settings.trials_per_person
        if count >= limit:
            raise UnavailableError(
                f"You have {format_count(count, 'trial')} already, and {limit} is the limit; "
                "delete one, or wait until its time is over."
            )
        request = DeploymentRequest(item=item, title=f"Trial of {item}"[:45])
        life = timedelta(minutes=self._settings.trial_minutes)
        return await self._deployments.create(principal, request, base_url=base_url, trial=life)

    def _load(self) -> float:
        """Return the percentage of the CPUs of all hosts that is granted."""
        offered = granted = 0
        for record in self._hosts.records():
            if record.state != "lost":
                offered += record.description.cpus
                granted += min(record.cpus_busy, record.description.cpus)
        return 100.0 * granted / offered if offered else 0.0


def _trials_of(session: Session, owner: str) -> int:
    ended = [state.value for state in TERMINAL]
    query = select(func.count(DeploymentRow.id)).where(
        DeploymentRow.owner == owner,
        DeploymentRow.table == "try",
        DeploymentRow.state.not_in(ended),
    )
    return session.scalar(query) or 0
