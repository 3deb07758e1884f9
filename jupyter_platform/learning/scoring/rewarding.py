"""EVALUATE by reward: returns of episodes that a network plays, or that lie in a pool."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.core.runs import RunResult
from jupyter_platform.learning.networks import build, load_weights
from jupyter_platform.learning.reinforcement.environments import Episode, environment_facts
from jupyter_platform.learning.reinforcement.fitting import fit
from jupyter_platform.learning.reinforcement.playing import play
from jupyter_platform.learning.reinforcement.policies import Policy
from jupyter_platform.learning.reinforcement.pool import Pool
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.scoring.keeping import keep_best, tell_partial


def run(context: RunContext, options: EvaluateOptions) -> RunResult:
    """Run an EVALUATE job whose strategy is ``reward``.

    Parameters
    ----------
    context : RunContext
        The run.
    options : EvaluateOptions
        Options of the EVALUATE.

    Raises
    ------
    PlatformError
        If network, weights, environment and options do not fit each other, or the pool is empty.
    """
    started = time.perf_counter()
    context.recorder.unit = "episodes"
    if context.job.pool is not None:
        returns, lengths, name = _of_pool(Path(context.job.pool), options.discount)
        done = len(returns)
    else:
        name = str(options.environment)
        played = _played(context, options)
        done = len(played)
        joined = context.communicator.gather(played)
        if joined is None:
            return RunResult(status="finished", step=done, result={"episodes": done})
        done = len(joined)
        if not done:
            return RunResult(status="stopped", result={"episodes": 0})
        if not joined.isfinite().all():
            network = context.network().description.name
            raise InvalidDataError(
                f"Network {network!r} gives actions that are not finite in {name}; learn it again."
            )
        # In the order of their beginnings: the sums are then those of a single process.
        joined = joined[joined[:, 0].argsort()]
        returns, lengths = joined[:, 1].tolist(), joined[:, 2].tolist()
    result: dict[str, Any] = {
        "strategy": "reward",
        "environment": name,
        "discount": options.discount,
        "episodes": done,
        "mean_return": float(np.mean(returns)),
        "return_stdev": float(np.std(returns)),
        "min_return": float(np.min(returns)),
        "max_return": float(np.max(returns)),
        "mean_length": float(np.mean(lengths)) if lengths else None,
        "evaluation_time_s": time.perf_counter() - started,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": str(context.device),
    }
    result["headline"] = {"name": "mean return", "value": result["mean_return"]}
    if context.job.pool is None and done < options.episodes:
        tell_partial(context, result, done, options.episodes, "episodes")
        return RunResult(status="stopped", step=done, result=result)
    keep_best(context, "mean return", result["mean_return"], result)
    return RunResult(status="finished", step=done, result=result)


def _of_pool(folder: Path, discount: float) -> tuple[list[float], list[float], str]:
    pool = Pool(folder)
    try:
        returns = pool.returns(discount).tolist()
    finally:
        pool.close()
    if not returns:
        raise InvalidDataError(f"Pool {pool.name!r} holds no episode yet.")
    return returns, [], pool.facts.id


def _played(context: RunContext, options: EvaluateOptions) -> Tensor:
    """Play this process's share; return seed, return and length of each episode, shape (n, 3)."""
    given = context.network()
    name, network_name = str(options.environment), given.description.name
    facts = environment_facts(name)
    context.phase("building the network")
    if given.weights is None:
        raise InvalidRequestError(
            f"Network {network_name!r} has no weights to evaluate; LEARN first, or name a tag."
        )
    path = context.file(given.weights, "weights")
    found = fit(given.description, facts, options.sequence_length, path)
    network = build(given.description, found.input_shape, found.outputs)
    load_weights(network, path, network_name)
    policy = Policy(network.to(context.device).eval(), found.head, context.device, found.history)
    context.phase("evaluating")
    recorder = context.recorder
    communicator = context.communicator
    recorder.total = len(range(communicator.rank, options.episodes, communicator.size))
    count = 0

    def note(episode: Episode) -> None:
        nonlocal count
        count += 1
        recorder.record("return", count, episode.reward)

    played = play(
        policy,
        name,
        options.episodes,
        options.seed,
        discount=options.discount,
        share=(communicator.rank, communicator.size),
        stop=context.stop,
        on_episode=note,
    )
    rows = [
        (episode.seed, value, episode.length)
        for episode, value in zip(played.episodes, played.discounted, strict=True)
    ]
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 3)
