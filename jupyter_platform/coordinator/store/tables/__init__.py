"""The tables of the state store.

Rows are detached when they leave the store; columns marked as deferred (``spec``, ``result``)
must be asked for in the query that needs them.
"""

from jupyter_platform.coordinator.store.tables.base import Base
from jupyter_platform.coordinator.store.tables.deployments import DeploymentRow
from jupyter_platform.coordinator.store.tables.hosts import HostRow, HostSampleRow, WorkSampleRow
from jupyter_platform.coordinator.store.tables.jobs import JobRow, SweepRow
from jupyter_platform.coordinator.store.tables.marketplace import (
    ItemRow,
    SavedSearchRow,
    SourceRow,
)
from jupyter_platform.coordinator.store.tables.platform import NotificationRow, SettingRow
from jupyter_platform.coordinator.store.tables.weights import FactRow, TagRow, TagVariantRow
from jupyter_platform.coordinator.store.tables.workloads import (
    AttemptRow,
    LeaseRow,
    RankRow,
    RunEventRow,
    WorkloadRow,
)

__all__ = [
    "AttemptRow",
    "Base",
    "DeploymentRow",
    "FactRow",
    "HostRow",
    "HostSampleRow",
    "ItemRow",
    "JobRow",
    "LeaseRow",
    "NotificationRow",
    "RankRow",
    "RunEventRow",
    "SavedSearchRow",
    "SettingRow",
    "SourceRow",
    "SweepRow",
    "TagRow",
    "TagVariantRow",
    "WorkSampleRow",
    "WorkloadRow",
]
