"""LEARN: networks are trained on a dataset, or on what agents experience."""

from __future__ import annotations

import secrets
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
from jupyter_platform.core.errors import refusal
from jupyter_platform.core.options import LearnOptions, OptionModel
from jupyter_platform.core.strategies import STRATEGIES, StrategyRecord


class Learn(Kind):
    """Training."""

    strategies: Mapping[str, StrategyRecord] = STRATEGIES

    def check(self, options: OptionModel, source: DataSource) -> DataSource:
        """Hold the source against the strategy; a learner with agents gets a new pool."""
        assert isinstance(options, LearnOptions)
        if options.agents and not source.name:
            end = (options.environment or "").rpartition("/")[2].rpartition(":")[2]
            source = self.tools.sources.new_pool(f"{end or 'pool'}-{secrets.token_hex(3)}")
        check_environment(options.environment, source)
        record = STRATEGIES.get(options.strategy)
        wanted = record.learns_from if record is not None else ("dataset",)
        whose = f"Strategy {options.strategy}"
        check_wanted(whose, set(wanted), source, options.environment, kind="LEARN")
        return source

    def place(self, options: OptionModel, source: DataSource, choice: HostChoice) -> HostChoice:
        """Keep a job with a pool on the machine where the pool lies."""
        if source.pool_folder is None:
            return choice
        return keep_at_home(choice, self.tools.hosts.offers())

    def check_ranks(self, options: OptionModel, ranks: int) -> None:
        """Refuse what several processes cannot share."""
        assert isinstance(options, LearnOptions)
        if ranks == 1:
            return
        if options.schedule == "plateau":
            message = (
                "schedule = plateau follows validations, which only one of several processes "
                "makes; choose another schedule where target_count is above 1."
            )
            raise refusal("schedule", "plateau", message, "constant, step or cosine")
        if options.stateful:
            message = (
                "stateful goes through a sequence in order, which several processes cannot share; "
                "leave it out where target_count is above 1."
            )
            raise refusal("stateful", True, message, "false")

    async def complete(self, resolved: Resolved) -> None:
        """Find the weights that it starts from, and the code of its strategy."""
        assert isinstance(resolved.options, LearnOptions)
        resolved.makes_weights = True
        await self.tools.weights.to_learn_from(resolved, resolved.options)
        resolved.code = await self.tools.strategies.code(resolved.options.strategy)

    def runs_foreign_code(self, options: OptionModel) -> bool:
        """Whether the strategy is an installed package's."""
        return getattr(options, "strategy", "") not in ("", *STRATEGIES)

    def make(self, resolved: Resolved) -> None:
        """Make the pool of a learner with agents."""
        options = resolved.options
        assert isinstance(options, LearnOptions)
        if options.agents:
            self.tools.sources.make(resolved.source, options.environment, options.memory_size)
