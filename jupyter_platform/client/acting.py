"""Environments, experience pools, episodes to look at, and agents beside their learner."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from jupyter_platform.client.listing import Listing
from jupyter_platform.client.transport import Transport
from jupyter_platform.core.environments import EnvironmentFacts, EnvironmentRecord
from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.pools import PoolRecord
from jupyter_platform.core.replays import ReplayKind, ReplayRecord
from jupyter_platform.core.units import format_bytes

if TYPE_CHECKING:
    from jupyter_platform.client.job import Job

EXPLORING: Mapping[str, Mapping[str, Any]] = {
    "dqn": {"action_strategy": "greedy", "epsilon_max": 1.0, "epsilon_min": 0.05},
    "recurrent_dqn": {"action_strategy": "greedy", "epsilon_max": 1.0, "epsilon_min": 0.05},
    "ddpg": {"action_strategy": "gaussian_noise"},
}
"""How agents explore for each strategy that learns from a pool."""


class _Submitting(Protocol):
    """The part of a client that starts agents and their learner."""

    def submit(self, *arguments: Any, **options: Any) -> Job:
        """Submit a job."""

    def check(self, *arguments: Any, **options: Any) -> Any:
        """Check a submission."""


class Acting:
    """The part of a client that knows agents."""

    _transport: Transport

    def environments(self) -> Listing[EnvironmentRecord]:
        """Return the environments that are installed on the hosts."""
        answer = self._transport.get("/api/environments")
        records = [EnvironmentRecord.model_validate(item) for item in answer]
        return Listing(records, ("id", "longest episode", "solved from", "code"), _environment_row)

    def environment(self, name: str) -> EnvironmentFacts:
        """Return the observations and actions of an environment.

        Raises
        ------
        InvalidRequestError
            If there is none of that id.
        """
        path = f"/api/environments/{quote(name, safe='')}"
        return EnvironmentFacts.model_validate(self._transport.get(path))

    def pools(self) -> Listing[PoolRecord]:
        """Return the experience pools."""
        records = [PoolRecord.model_validate(item) for item in self._transport.get("/api/pools")]
        header = ("name", "environment", "episodes", "rows", "holds", "on disk")
        return Listing(records, header, _pool_row)

    def pool(self, name: str) -> PoolRecord:
        """Return an experience pool."""
        return PoolRecord.model_validate(self._transport.get(_pool_path(name)))

    def clear_pool(self, name: str) -> PoolRecord:
        """Let a pool forget its episodes."""
        response = self._transport.request("POST", f"{_pool_path(name)}/clear")
        return PoolRecord.model_validate_json(response.content)

    def remove_pool(self, name: str) -> None:
        """Remove a pool; refused while a job uses it."""
        self._transport.request("DELETE", _pool_path(name))

    def replay(self, job: str, kind: ReplayKind = "best", rank: int = 0) -> ReplayRecord:
        """Return an episode of an agent with its pictures.

        Parameters
        ----------
        job : str
            Id of an ACT job.
        kind : str
            ``best`` or ``latest``.
        rank : int
            Which of its agents.
        """
        path = f"/api/jobs/{quote(job, safe='')}/replays/{kind}?rank={rank}"
        return ReplayRecord.model_validate(self._transport.get(path))

    def rl(
        self: _Submitting,
        networks: str | Sequence[str],
        environment: str,
        *,
        strategy: str | None = None,
        pool: str | None = None,
        tag: str | None = None,
        agents: int = 1,
        act: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> tuple[Job, Job]:
        """Start agents that act and a learner that learns from what they go through.

        They share a pool, through which the agents also get the weights as they get better, and
        a tag. The agents end with the learner.

        Parameters
        ----------
        networks : str or sequence of str
            A Q-network, or actor and critic.
        environment : str
            Id of a Gymnasium environment.
        strategy : str, optional
            ``dqn``, ``recurrent_dqn`` or ``ddpg``; by default what goes with the number of
            networks.
        pool, tag : str, optional
            Names of the pool and of the tag; new ones by default.
        agents : int
            Processes that act.
        act : mapping, optional
            Options of the ACT job.
        **options
            Options of the LEARN job.

        Returns
        -------
        agent, learner : Job
            The two jobs.

        Raises
        ------
        PlatformError
            If either cannot be submitted; then neither stays.
        """
        names = [networks] if isinstance(networks, str) else list(networks)
        strategy = strategy or ("ddpg" if len(names) == 2 else "dqn")
        pool = pool or f"{environment.rpartition('/')[2].rpartition(':')[2]}-{secrets.token_hex(3)}"
        shared = {"environment": environment, "tag": tag or pool}
        learning = {"strategy": strategy, **shared, **options}
        self.check("LEARN", names, None, **learning)
        acting = {**EXPLORING.get(strategy, {}), "until_learnt": True, **shared, **(act or {})}
        agent = self.submit("ACT", names[0], name=f"{pool} agent", target_count=agents,
                            pool=pool, **acting)  # fmt: skip
        try:
            learner = self.submit("LEARN", names, pool, name=f"{pool} learner", **learning)
        except PlatformError:
            agent.stop()
            raise
        return agent, learner


def _pool_path(name: str) -> str:
    return f"/api/pools/{quote(name, safe='')}"


def _environment_row(record: EnvironmentRecord) -> tuple[str, ...]:
    longest, solved = record.max_episode_steps, record.reward_threshold
    return (
        record.id,
        "" if longest is None else f"{longest:,} actions",
        "" if solved is None else f"{solved:g}",
        record.entry,
    )


def _pool_row(record: PoolRecord) -> tuple[str, ...]:
    return (
        record.name,
        record.environment,
        f"{record.episodes:,}",
        f"{record.rows:,}",
        f"{record.capacity:,}",
        format_bytes(record.bytes),
    )
