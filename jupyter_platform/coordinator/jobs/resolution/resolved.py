"""A submission that was checked and completed, and the row of the job that it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jupyter_platform.coordinator.jobs.resolution.sources import DataSource
from jupyter_platform.coordinator.jobs.search import search_text
from jupyter_platform.coordinator.store.tables import JobRow
from jupyter_platform.coordinator.workloads.host_choice import HostChoice
from jupyter_platform.coordinator.workloads.planning import Shape
from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.jobs import ResourceRequest
from jupyter_platform.core.kinds import kinds
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.options import OptionModel
from jupyter_platform.core.states import JobState, JobType


@dataclass
class Resolved:
    """A submission that can become a job."""

    type: JobType
    name: str
    networks: list[NetworkDescription]
    source: DataSource
    options: OptionModel
    given: dict[str, Any]
    request: ResourceRequest
    priority: int
    target_count: int
    choice: HostChoice = field(default_factory=HostChoice)
    warnings: list[str] = field(default_factory=list)
    category: str | None = None
    tag: str | None = None
    """None: the job's own id."""
    weights: dict[str, str] = field(default_factory=dict)
    """Network to the digest of the weights that it starts from."""
    dianne_defaults: dict[str, Any] = field(default_factory=dict)
    """Defaults of DIANNE's that a submission in its words does not take."""
    used: dict[str, Any] = field(default_factory=dict)
    """Options as the job really uses them, where data or other options decide."""
    sweep: str | None = None
    """Id of the sweep that it is part of."""
    varied: dict[str, Any] = field(default_factory=dict)
    """Options in which it differs from the others of its sweep."""
    makes_weights: bool = False
    """Whether the job stores weights of its networks."""
    contents: list[str] = field(default_factory=list)
    """``sha256:<hex>`` of the files that its process needs beside these."""
    code: str | None = None
    """``sha256:<hex>`` of the source of an uploaded strategy."""

    def told_options(self) -> dict[str, Any]:
        """Return every option that means something, with the value that is used."""
        return {**self.options.applicable(), **self.used}

    @property
    def shape(self) -> Shape:
        """What the planner sees of it."""
        return self.choice.shape(kinds()[self.type].role, self.request, self.target_count)

    def row(self, job: str, owner: str, retries: int, key: str | None) -> JobRow:
        """Return the row of the job, queued.

        Parameters
        ----------
        job : str
            Its id.
        owner : str
            Who submitted it.
        retries : int
            Attempts that may follow one that was killed.
        key : str or None
            Key of the client, by which a second submission is known.
        """
        tag = self.tag or (job if self.networks else None)
        names = [item.name for item in self.networks]
        words = [job, self.name, self.type.value, *names, self.source.name or "", tag or "", owner]
        words.append(self.category or "")
        options = self.told_options()
        return JobRow(
            id=job,
            idempotency_key=key,
            name=self.name,
            lane=self.type.value,
            role=kinds()[self.type].role,
            category=self.category,
            owner=owner,
            state=JobState.QUEUED.value,
            networks=names,
            dataset=self.source.name,
            options=options,
            given=self.given,
            tag=tag,
            cpus=self.request.cpus,
            memory=self.request.memory,
            gpus=self.request.gpus,
            priority=self.priority,
            target_count=self.target_count,
            placement=self.choice.column(),
            sweep=self.sweep,
            varied=self.varied or None,
            retries_left=retries,
            warnings=self.warnings,
            spec=self._frozen(),
            search=search_text(words, options, self.given),
        )

    def _frozen(self) -> dict[str, Any]:
        frozen: dict[str, Any] = {
            "networks": [
                {
                    "description": item.model_dump(mode="json"),
                    "weights": f"sha256:{digest}"
                    if (digest := self.weights.get(item.name))
                    else None,
                }
                for item in self.networks
            ],
            "dataset": dumped(self.source.dataset),
            "pool": self.source.pool_folder,
            "code": self.code,
        }
        if self.contents:
            frozen["contents"] = self.contents
        if self.makes_weights:
            frozen["digests"] = {item.name: item.digest for item in self.networks}
        return frozen


def dumped(dataset: DatasetDescriptor | None) -> dict[str, Any] | None:
    """Return the wire form of a descriptor, or None for no dataset."""
    return None if dataset is None else dataset.model_dump(mode="json")
