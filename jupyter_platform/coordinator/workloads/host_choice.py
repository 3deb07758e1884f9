"""Which hosts a workload may use, and what the planner sees of it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Row

from jupyter_platform.coordinator.store.tables import WorkloadRow
from jupyter_platform.coordinator.workloads.planning import Shape
from jupyter_platform.core.jobs import ResourceRequest


class HostChoice(BaseModel):
    """Constraints of a workload on its hosts, beside resources."""

    model_config = ConfigDict(frozen=True)

    targets: tuple[str, ...] = ()
    """Names or ids; one process on each at most. Empty: any host."""
    target_filter: str = ""
    force_free: bool = False
    at_home: bool = False
    """It uses folders of the coordinator's machine, such as a pool."""

    def column(self) -> dict[str, Any] | None:
        """Return the value of `WorkloadRow.placement`; None where any host will do."""
        return self.model_dump(mode="json", exclude_defaults=True) or None

    @classmethod
    def of(cls, row: WorkloadRow | Row[Any]) -> HostChoice:
        """Return the choice stored in a row, or in its column ``placement``."""
        return cls.model_validate(row.placement) if row.placement else ANYWHERE

    def shape(self, role: str, asked: ResourceRequest, ranks: int) -> Shape:
        """Return the planner's shape of a workload of `ranks` processes.

        Parameters
        ----------
        role : str
            Role that the host must offer.
        asked : ResourceRequest
            Resources of each process.
        ranks : int
            Number of processes.
        """
        return Shape(
            role,
            asked.cpus,
            asked.memory,
            asked.gpus,
            ranks,
            targets=self.targets,
            target_filter=self.target_filter,
            force_free=self.force_free,
            at_home=self.at_home,
        )


ANYWHERE = HostChoice()


def shape_of(row: WorkloadRow) -> Shape:
    """Return the planner's shape of a stored workload."""
    asked = ResourceRequest(cpus=row.cpus, memory=row.memory, gpus=row.gpus)
    return HostChoice.of(row).shape(row.role, asked, row.target_count)
