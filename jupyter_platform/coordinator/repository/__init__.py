"""Networks, datasets and tags: what jobs work on."""

from jupyter_platform.coordinator.repository.datasets.repository import DatasetRepository
from jupyter_platform.coordinator.repository.datasets.uploads import DatasetUpload, LookRequest
from jupyter_platform.coordinator.repository.downloads.downloads import Downloads
from jupyter_platform.coordinator.repository.facts import Facts
from jupyter_platform.coordinator.repository.networks.exchange import NetworkExchange, NetworkUpload
from jupyter_platform.coordinator.repository.networks.repository import NetworkRepository
from jupyter_platform.coordinator.repository.networks.tag_names import ResolvedTag
from jupyter_platform.coordinator.repository.networks.tags import TagRepository
from jupyter_platform.coordinator.repository.pools import PoolRepository
from jupyter_platform.coordinator.repository.strategies import StrategyRepository

__all__ = [
    "DatasetRepository",
    "DatasetUpload",
    "Downloads",
    "Facts",
    "LookRequest",
    "NetworkExchange",
    "NetworkRepository",
    "NetworkUpload",
    "PoolRepository",
    "ResolvedTag",
    "StrategyRepository",
    "TagRepository",
]
