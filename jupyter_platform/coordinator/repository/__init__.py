"""Networks, datasets and tags: what jobs work on."""

from jupyter_platform.coordinator.repository.datasets import DatasetRepository
from jupyter_platform.coordinator.repository.downloads import Downloads
from jupyter_platform.coordinator.repository.exchange import NetworkExchange, NetworkUpload
from jupyter_platform.coordinator.repository.facts import Facts, Inspect
from jupyter_platform.coordinator.repository.networks import NetworkRepository
from jupyter_platform.coordinator.repository.pools import PoolRepository
from jupyter_platform.coordinator.repository.strategies import StrategyRepository
from jupyter_platform.coordinator.repository.tags import ResolvedTag, TagRepository
from jupyter_platform.coordinator.repository.uploads import DatasetUpload, LookRequest

__all__ = [
    "DatasetRepository",
    "DatasetUpload",
    "Downloads",
    "Facts",
    "Inspect",
    "LookRequest",
    "NetworkExchange",
    "NetworkRepository",
    "NetworkUpload",
    "PoolRepository",
    "ResolvedTag",
    "StrategyRepository",
    "TagRepository",
]
