"""ACT: a network acts in an environment, and a pool may keep what it experiences."""

from __future__ import annotations

from jupyter_platform.coordinator.jobs.kinds.base import Kind
from jupyter_platform.coordinator.jobs.resolution.host_choice import keep_at_home
from jupyter_platform.coordinator.jobs.resolution.resolved import Resolved
from jupyter_platform.coordinator.jobs.resolution.sources import DataSource, check_environment
from jupyter_platform.coordinator.workloads.host_choice import HostChoice
from jupyter_platform.core.errors import refusal
from jupyter_platform.core.jobs import JobSubmission
from jupyter_platform.core.options import ActOptions, OptionModel


class Act(Kind):
    """Acting."""

    def source(self, submission: JobSubmission) -> DataSource:
        """Return the pool that it fills: named as the dataset, or as the option."""
        pool = submission.options.get("pool") or None
        return self.tools.sources.pool_to_fill(submission.dataset, pool)

    def check(self, options: OptionModel, source: DataSource) -> DataSource:
        """Refuse an ACT without an environment."""
        assert isinstance(options, ActOptions)
        check_environment(options.environment, source)
        if options.environment is None:
            message = "ACT needs an environment; name one, as environment=CartPole-v1."
            raise refusal("environment", None, message, "a Gymnasium id")
        return source

    def place(self, options: OptionModel, source: DataSource, choice: HostChoice) -> HostChoice:
        """Keep a job with a pool on the machine where the pool lies."""
        if source.pool_folder is None:
            return choice
        return keep_at_home(choice, self.tools.hosts.offers())

    async def complete(self, resolved: Resolved) -> None:
        """Find the weights that it acts with."""
        await self.tools.weights.to_act_with(resolved, getattr(resolved.options, "tag", None))

    def make(self, resolved: Resolved) -> None:
        """Make the pool that it fills."""
        options = resolved.options
        assert isinstance(options, ActOptions)
        self.tools.sources.make(resolved.source, options.environment, options.memory_size)
