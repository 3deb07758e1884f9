"""Who starts and ends hosts: one contract, one module for each way."""

from jupyter_platform.cluster.backends.base import Backend, ManagedHost
from jupyter_platform.cluster.backends.local import LocalBackend
from jupyter_platform.runtime.paths import Paths

__all__ = ["Backend", "ManagedHost", "configured_backends"]


def configured_backends(paths: Paths) -> tuple[Backend, ...]:
    """Return the back ends of a platform: the place to add one."""
    return (LocalBackend(paths),)
