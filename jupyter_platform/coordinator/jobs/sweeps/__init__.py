"""Sweeps: which values their jobs take, how they stand, and which jobs are stopped early."""

from jupyter_platform.coordinator.jobs.sweeps.pruning import Pruning
from jupyter_platform.coordinator.jobs.sweeps.service import SweepService

__all__ = ["Pruning", "SweepService"]
