"""Pulling the files of runs to the coordinator: curves, logs, events, checkpoints, weights."""

from jupyter_platform.coordinator.workloads.pulling.keeping import DOWNLOADS
from jupyter_platform.coordinator.workloads.pulling.puller import Puller
from jupyter_platform.coordinator.workloads.tracked import TrackedRun

__all__ = ["DOWNLOADS", "Puller", "TrackedRun"]
