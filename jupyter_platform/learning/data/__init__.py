"""Datasets: from a descriptor and its files to batches of tensors."""

from jupyter_platform.learning.data.adapters.chain import Chain, adapt, make_adapters
from jupyter_platform.learning.data.dataset import Dataset, check_index_set
from jupyter_platform.learning.data.loader import load
from jupyter_platform.learning.data.prefetch import Prefetcher

__all__ = [
    "Chain",
    "Dataset",
    "Prefetcher",
    "adapt",
    "check_index_set",
    "load",
    "make_adapters",
]
