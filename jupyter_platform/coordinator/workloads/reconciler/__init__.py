"""From the queue to the end of a job: placing, starting, following, stopping, trying again."""

from jupyter_platform.coordinator.workloads.reconciler.reconciler import Reconciler, pending_of

__all__ = ["Reconciler", "pending_of"]
