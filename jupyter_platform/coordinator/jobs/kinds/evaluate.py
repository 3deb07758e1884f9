"""EVALUATE: how well a network does."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_platform.coordinator.jobs.kinds.base import Kind
from jupyter_platform.coordinator.jobs.resolution.host_choice import keep_at_home
from jupyter_platform.coordinator.jobs.resolution.resolved import Resolved
from jupyter_platform.coordinator.jobs.resolution.sources import (
    DataSource,
    check_environment,
    check_wanted,
)
from jupyter_platform.coordinator.workloads.host_choice import HostChoice
from jupyter_platform.core.evaluations import EVALUATIONS
from jupyter_platform.core.options import EvaluateOptions, OptionModel
from jupyter_platform.core.strategies import StrategyRecord


class Evaluate(Kind):
    """Judging weights."""

    strategies: Mapping[str, StrategyRecord] = EVALUATIONS

    def check(self, options: OptionModel, source: DataSource) -> DataSource:
        """Hold the source against what is measured."""
        assert isinstance(options, EvaluateOptions)
        check_environment(options.environment, source)
        by_acting = options.strategy == "reward"
        wanted = {"environment", "pool"} if by_acting else {"dataset"}
        whose = "Strategy reward" if by_acting else "EVALUATE"
        kind = "LEARN" if by_acting else "EVALUATE"
        check_wanted(whose, wanted, source, options.environment, kind=kind)
        return source

    def place(self, options: OptionModel, source: DataSource, choice: HostChoice) -> HostChoice:
        """Keep a job with a pool on the machine where the pool lies."""
        if source.pool_folder is None:
            return choice
        return keep_at_home(choice, self.tools.hosts.offers())

    async def complete(self, resolved: Resolved) -> None:
        """Find the weights that it judges."""
        assert isinstance(resolved.options, EvaluateOptions)
        await self.tools.weights.to_judge(resolved, resolved.options)
