"""The base of the kinds: checks, defaults and hosts of their submissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_platform.core.errors import InvalidRequestError, refusal, unknown_name
from jupyter_platform.core.kinds import KindRecord
from jupyter_platform.core.strategies import StrategyRecord

if TYPE_CHECKING:
    from jupyter_platform.coordinator.hosts.registry import HostRegistry
    from jupyter_platform.coordinator.jobs.resolution.resolved import Resolved
    from jupyter_platform.coordinator.jobs.resolution.sources import DataSource, DataSources
    from jupyter_platform.coordinator.jobs.resolution.starting_weights import StartingWeights
    from jupyter_platform.coordinator.reading.reader import Reader
    from jupyter_platform.coordinator.repository import NetworkRepository, StrategyRepository
    from jupyter_platform.coordinator.workloads.host_choice import HostChoice
    from jupyter_platform.core.jobs import JobSubmission
    from jupyter_platform.core.networks import NetworkDescription
    from jupyter_platform.core.options import OptionModel
    from jupyter_platform.runtime.blobs import BlobStore

MOST_NETWORKS = 16
"""Networks that one job may name."""


@dataclass(frozen=True)
class KindTools:
    """What the kinds look things up with."""

    networks: NetworkRepository
    sources: DataSources
    strategies: StrategyRepository
    weights: StartingWeights
    hosts: HostRegistry
    blobs: BlobStore
    reader: Reader


class Kind:
    """A kind of job that works on networks, and on a dataset where one is named.

    Parameters
    ----------
    record : KindRecord
        What everybody knows of it.
    tools : KindTools
        What the kinds share.
    """

    inspected = True
    """Whether networks, data and options are held against each other by the inspector."""
    strategies: Mapping[str, StrategyRecord] = {}
    """What is suggested where none was chosen and the networks are made for another."""

    def __init__(self, record: KindRecord, tools: KindTools) -> None:
        self.record = record
        self.tools = tools

    async def prepare(self, submission: JobSubmission) -> JobSubmission:
        """Return the submission with what it refers to outside of the platform taken in."""
        return submission

    def networks(self, submission: JobSubmission) -> list[NetworkDescription]:
        """Return the networks that a submission names.

        Raises
        ------
        InvalidRequestError
            If there are none, too many, or one is not known.
        """
        names = submission.networks
        if not names:
            raise refusal("networks", [], "networks is missing; name one.", "the name of a network")
        if len(names) > MOST_NETWORKS:
            message = f"{len(names):,} networks are given; at most {MOST_NETWORKS} are accepted."
            accepted = f"1 to {MOST_NETWORKS} names"
            raise refusal("networks", len(names), message, accepted)
        found = []
        for name in names:
            description = self.tools.networks.find(name)
            if description is None:
                error = unknown_name("network", name, self.tools.networks.names())
                raise InvalidRequestError(error.message, errors=[error])
            found.append(description)
        return found

    def source(self, submission: JobSubmission) -> DataSource:
        """Return the dataset or pool named by a submission."""
        return self.tools.sources.find(submission.dataset)

    def check(self, options: OptionModel, source: DataSource) -> DataSource:
        """Refuse a source that does not go with the options; return it, or the one to make.

        Parameters
        ----------
        options : OptionModel
            Resolved options of the job.
        source : DataSource
            Where its samples come from.
        """
        return source

    def place(self, options: OptionModel, source: DataSource, choice: HostChoice) -> HostChoice:
        """Return the hosts that a job may use.

        Parameters
        ----------
        options : OptionModel
            Resolved options of the job.
        source : DataSource
            Where its samples come from.
        choice : HostChoice
            What was said of its hosts.
        """
        return choice

    def check_ranks(self, options: OptionModel, ranks: int) -> None:
        """Refuse options that mean nothing to several processes.

        Parameters
        ----------
        options : OptionModel
            Resolved options of the job.
        ranks : int
            Processes that were asked for.
        """

    def name(
        self, networks: list[NetworkDescription], source: DataSource, options: OptionModel
    ) -> str:
        """Return the name of a job that was given none.

        Parameters
        ----------
        networks : list of NetworkDescription
            Its networks, in the order of their roles.
        source : DataSource
            Where its samples come from.
        options : OptionModel
            Resolved options of the job.
        """
        on = source.name or getattr(options, "environment", None)
        return f"{networks[0].name}-{on}" if networks else self.record.name.lower()

    async def complete(self, resolved: Resolved) -> None:
        """Fill in weights, tag and files of a submission that is valid by itself."""

    def runs_foreign_code(self, options: OptionModel) -> bool:
        """Whether the check runs code that may change without a trace."""
        return False

    def make(self, resolved: Resolved) -> None:
        """Make what must be there when the job is stored, such as its pool."""
