"""ACT: an agent plays episodes, keeps them in a pool, and takes up what a learner learns."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError
from jupyter_platform.core.options.act import ActOptions
from jupyter_platform.core.runs import RunResult
from jupyter_platform.learning.networks import build, load_weights
from jupyter_platform.learning.reinforcement.environments import (
    VectorEnvironment,
    endless_seeds,
    environment_facts,
)
from jupyter_platform.learning.reinforcement.fitting import Fit, fit
from jupyter_platform.learning.reinforcement.policies import (
    Policy,
    check_action_strategy,
    make_exploration,
)
from jupyter_platform.learning.reinforcement.pool import Pool
from jupyter_platform.learning.reinforcement.publishing import Subscription
from jupyter_platform.learning.reinforcement.recording import Recording, Take, take_facts
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.run.stop_signal import Interrupted
from jupyter_platform.learning.sampling.seeds import stream_seed

_WINDOW = 100
"""Episodes over which the mean return of the result goes."""


@dataclass
class _Episode:
    """The episode that one of the environments is in."""

    observations: list[Any] = field(default_factory=list)
    actions: list[Any] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Quota:
    """What one of several agents plays, -1 for no end."""

    episodes: int
    actions: int

    @classmethod
    def share(cls, options: ActOptions, rank: int, agents: int) -> Quota:
        """Return the share of one agent; all shares together are what was asked for.

        Parameters
        ----------
        options : ActOptions
            Options of the ACT.
        rank : int
            Number of the agent, from 0.
        agents : int
            Agents of the job.
        """

        def part(whole: int) -> int:
            return whole if whole == -1 else whole // agents + (rank < whole % agents)

        return cls(part(options.max_sequences), part(options.max_iterations))

    def met(self, episodes: int, actions: int) -> bool:
        """Return whether it is enough.

        Parameters
        ----------
        episodes : int
            Episodes that were played.
        actions : int
            Actions that were taken.
        """
        return (self.episodes != -1 and episodes >= self.episodes) or (
            self.actions != -1 and actions >= self.actions
        )


class Agent:
    """Plays until it is enough.

    Parameters
    ----------
    context : RunContext
        The run.
    """

    def __init__(self, context: RunContext) -> None:
        options = ActOptions.model_validate(context.job.options)
        rank, agents = context.spec.run.rank, context.spec.world_size
        self.context = context
        self.options = options
        self.quota = Quota.share(options, rank, agents)
        self.pool = None if context.job.pool is None else Pool(Path(context.job.pool))
        name = options.environment or (self.pool.facts.id if self.pool else None)
        if name is None:
            raise InvalidRequestError("ACT needs an environment; give environment=… .")
        self.facts = environment_facts(name)
        check_action_strategy(options.action_strategy, self.facts)
        context.phase("building the network")
        self.network, found = self._build()
        self.policy = Policy(self.network, found.head, context.device, found.history)
        self.generator = np.random.default_rng([options.seed, rank, 3])
        self.exploration = make_exploration(
            options.action_strategy, options, found.head, self.facts, self.generator
        )
        self.subscription = (
            Subscription(self.pool.weights, context.network().description.name, self.network)
            if self.pool
            else None
        )
        self.recording = Recording(context.folder, name) if options.frames else None
        self.environments = VectorEnvironment(
            name,
            options.parallel_environments,
            endless_seeds(options.seed, rank, 4),
            options.max_actions,
        )
        self.returns: list[float] = []
        self.actions = 0
        self.best: Take | None = None
        self._open: dict[int, _Episode] = {}

    def _build(self) -> tuple[nn.Module, Fit]:
        context, given = self.context, self.context.network()
        path = None if given.weights is None else context.file(given.weights, "weights")
        found = fit(given.description, self.facts, self.options.sequence_length, path)
        torch.manual_seed(self.options.seed)
        network = build(given.description, found.input_shape, found.outputs)
        if path is not None:
            load_weights(network, path, given.description.name)
        # Layers that draw while acting: each agent goes its own way.
        torch.manual_seed(stream_seed(self.options.seed, context.spec.run.rank, 5))
        return network.to(context.device).eval(), found

    def play(self) -> bool:
        """Play; return whether the quota was met."""
        with contextlib.suppress(Interrupted), self.context.stop.cut_short():
            return self._play()
        return False

    def _play(self) -> bool:
        self._refresh()
        while not self.quota.met(len(self.returns), self.actions) and not self._learnt:
            if self.context.stop.requested:
                return False
            self._act()
        return True

    def close(self) -> None:
        """Finish what is still to be written."""
        if self.recording is not None:
            self.recording.flush()
        self.environments.close()
        if self.pool is not None:
            self.pool.close()

    def _act(self) -> None:
        env_ids, seen = self.environments.active, self.environments.observations
        outputs = self.policy.outputs(env_ids, seen)
        if not outputs.isfinite().all():
            raise self._senseless()
        actions = self.exploration(env_ids, outputs, len(self.returns))
        moves = self.environments.step(actions)
        self.actions += len(env_ids)
        for index, env_id in enumerate(env_ids):
            episode = self._open.setdefault(int(env_id), _Episode())
            episode.observations.append(seen[index])
            episode.actions.append(actions[index])
            episode.rewards.append(float(moves.rewards[index]))
        ends = {int(env_id): index for index, env_id in enumerate(env_ids)}
        for ended in moves.ended:
            index = ends[ended.env_id]
            last, terminated = moves.observations[index], bool(moves.terminated[index])
            self._ended(ended.env_id, ended.seed, last, terminated)
        if moves.ended:
            self._refresh()
        if self.context.recorder.unit == "actions":
            self.context.recorder.step = self.actions

    def _senseless(self) -> InvalidDataError:
        name = self.context.network().description.name
        return InvalidDataError(
            f"Network {name!r} gives numbers that are not finite for what {self.facts.id} shows; "
            "its weights cannot act: choose others, or learn it again."
        )

    def _ended(self, env_id: int, seed: int, last: Any, terminated: bool) -> None:
        episode = self._open.pop(env_id)
        self.policy.forget(env_id)
        self.exploration.forget(env_id)
        observations = np.stack([*episode.observations, last])
        actions, rewards = np.stack(episode.actions), np.array(episode.rewards)
        if self.pool is not None:
            kept = actions if self.facts.is_discrete else np.clip(actions, -1, 1)
            self.pool.append(observations, kept, rewards, terminated)
        self.returns.append(float(rewards.sum()))
        number = len(self.returns)
        epoch = None if self.subscription is None else self.subscription.epoch
        recorder = self.context.recorder
        recorder.record("return", number, self.returns[-1])
        recorder.record("length", number, float(len(actions)))
        if epoch is not None:
            recorder.record("epoch", number, float(epoch))
        take = Take(number, self.returns[-1], seed, actions, observations, epoch)
        if self.best is None or take.reward > self.best.reward:
            self.best = take
        if self.recording is not None:
            self.recording.show(take)

    @property
    def _learnt(self) -> bool:
        """Whether the learner has ended, where the agent is to end with it."""
        subscription = self.subscription
        return self.options.until_learnt and subscription is not None and subscription.ended

    def _refresh(self) -> None:
        subscription = self.subscription
        if subscription is not None and subscription.refresh():
            self.context.recorder.phase = f"acting with the weights of update {subscription.epoch}"

    def result(self, elapsed_s: float) -> dict[str, Any]:
        """Return what came of it."""
        last = self.returns[-_WINDOW:]
        mean = float(np.mean(last)) if last else None
        return {
            "environment": self.facts.id,
            "episodes": len(self.returns),
            "actions": self.actions,
            "averaged": len(last),
            "mean_return": mean,
            "return_stdev": float(np.std(last)) if last else None,
            "best": take_facts(self.best),
            "epoch": None if self.subscription is None else self.subscription.epoch,
            "pool": None if self.pool is None else self.pool.name,
            "time_s": elapsed_s,
            "actions_per_s": self.actions / elapsed_s if elapsed_s else None,
            "seed": self.options.seed,
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "device": str(self.context.device),
            "headline": {"name": "mean return", "value": mean},
        }


def run(context: RunContext) -> RunResult:
    """Run an ACT job.

    Raises
    ------
    PlatformError
        If network, weights, environment, pool and options do not fit each other.
    """
    with context.stop.cut_short():
        agent = Agent(context)
    quota, recorder = agent.quota, context.recorder
    recorder.unit = "episodes" if quota.episodes != -1 or quota.actions == -1 else "actions"
    wanted = quota.episodes if quota.episodes != -1 else quota.actions
    recorder.total = None if wanted == -1 else wanted
    if agent.options.clear and agent.pool is not None and context.spec.run.rank == 0:
        agent.pool.clear()
    context.phase("acting")
    started = time.perf_counter()
    try:
        finished = agent.play()
    finally:
        agent.close()
    return RunResult(
        status="finished" if finished else "stopped",
        step=len(agent.returns) if recorder.unit == "episodes" else agent.actions,
        result=agent.result(time.perf_counter() - started),
    )
