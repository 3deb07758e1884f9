"""Virtual environments of items: made once from a lock by uv, shared, and removed when unused."""

from jupyter_platform.runtime.virtual_environments.collecting import remove_unused
from jupyter_platform.runtime.virtual_environments.lock import Lock, read_lock
from jupyter_platform.runtime.virtual_environments.making import (
    MadeEnvironment,
    StoppedError,
    platform_environment,
    prepare_environment,
)

__all__ = [
    "Lock",
    "MadeEnvironment",
    "StoppedError",
    "platform_environment",
    "prepare_environment",
    "read_lock",
    "remove_unused",
]
