"""The state store: jobs, attempts, leases, hosts, samples, notifications, tags."""

from jupyter_platform.coordinator.store.store import Store

__all__ = ["Store"]
