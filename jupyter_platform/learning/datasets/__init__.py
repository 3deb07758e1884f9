"""Datasets: from a descriptor and a file to tensors."""

from jupyter_platform.learning.datasets.dataset import Dataset, check_index_set
from jupyter_platform.learning.datasets.loader import load

__all__ = ["Dataset", "check_index_set", "load"]
