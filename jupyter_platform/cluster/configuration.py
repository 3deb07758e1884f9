"""The Dask settings that every process of the cluster shares."""

from __future__ import annotations

import dask
import distributed  # noqa: F401 - loads the defaults that are overridden here

CONNECT_TIMEOUT_S = 10
"""Seconds to wait for a connection, TLS handshake included."""
FIRST_PATIENCE_S = 0.5
"""Seconds for the first try at an address that may be of a scheduler that is gone.

Dask tries a port that nobody listens on again and again until its time is up; doubled each time
up to `MOST_PATIENCE_S`, so that a slow machine gets there too.
"""
MOST_PATIENCE_S = 3.0
SILENCE_S = 15
"""Seconds after which a dead link is noticed; Dask refuses less than 11."""
WORKER_TTL_S = 15
"""Seconds without a heartbeat after which the scheduler drops a worker that hangs."""
MEMBERS_OP = "platform_members"
"""Handler of our scheduler: answers when the members differ from those the asker knows."""
UNUSED_HANDLERS = {
    "scheduler": [
        "run_function",
        "register_scheduler_plugin",
        "register_worker_plugin",
        "register_nanny_plugin",
        "register-client",
        "scatter",
        "update_data",
        "dump_cluster_state_to_url",
        "broadcast",
        "proxy",
    ],
    "worker": [
        "run",
        "run_coroutine",
        "upload_file",
        "plugin-add",
        "plugin-remove",
        "actor_execute",
        "actor_attribute",
        "update_data",
    ],
}
"""Dask's handlers for running code from clients, which the platform never uses."""


def configure_dask() -> None:
    """Configure Dask for this process, overriding the user's own Dask configuration.

    No HTTP routes, preloads or profiler, no stealing and no memory manager, and self-observation
    slowed down: Dask runs no task here, and an idle platform should cost nothing.
    """
    dask.config.set(
        {
            "distributed.admin.system-monitor.disk": False,
            "distributed.admin.system-monitor.interval": "10s",
            "distributed.admin.system-monitor.gil.enabled": False,
            "distributed.admin.tick.cycle": "60s",
            "distributed.admin.tick.interval": "1s",
            "distributed.comm.timeouts.connect": f"{CONNECT_TIMEOUT_S}s",
            "distributed.comm.timeouts.tcp": f"{SILENCE_S}s",
            "distributed.comm.compression": False,
            "distributed.comm.retry.count": 0,
            "distributed.scheduler.active-memory-manager.start": False,
            "distributed.scheduler.allowed-imports": [],
            "distributed.scheduler.contact-address": None,
            "distributed.scheduler.http.routes": [],
            "distributed.scheduler.idle-timeout": None,
            "distributed.scheduler.preload": [],
            "distributed.scheduler.work-stealing": False,
            "distributed.worker.http.routes": [],
            "distributed.worker.lifetime.duration": None,
            "distributed.worker.memory.pause": False,
            "distributed.worker.memory.spill": False,
            "distributed.worker.memory.target": False,
            "distributed.worker.memory.terminate": False,
            "distributed.worker.preload": [],
            "distributed.worker.profile.enabled": False,
            "distributed.worker.resources": {},
            "distributed.diagnostics.nvml": False,
        }
    )
