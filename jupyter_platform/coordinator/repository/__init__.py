"""Networks, datasets and tags: what jobs work on."""

from jupyter_platform.coordinator.repository.datasets import DatasetRepository, DatasetUpload
from jupyter_platform.coordinator.repository.facts import Facts, Inspect
from jupyter_platform.coordinator.repository.networks import NetworkRepository
from jupyter_platform.coordinator.repository.pools import PoolRepository
from jupyter_platform.coordinator.repository.tags import ResolvedTag, TagRepository

__all__ = [
    "DatasetRepository",
    "DatasetUpload",
    "Facts",
    "Inspect",
    "NetworkRepository",
    "PoolRepository",
    "ResolvedTag",
    "TagRepository",
]
