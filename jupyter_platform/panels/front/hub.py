"""The platform that several panels ask, found when the first of them asks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from jupyter_platform.panels.loading import quick_loading

if TYPE_CHECKING:
    from jupyter_platform.client import Platform


class Hub:
    """Returns a platform when called, in a thread: to find or start one takes a moment.

    Parameters
    ----------
    platform : Platform, optional
        The platform; this machine's, started on demand, when absent.
    """

    def __init__(self, platform: Platform | None = None) -> None:
        self._platform = platform
        self._lock = threading.Lock()

    def __call__(self) -> Platform:
        """Return the platform, starting it where it is not there."""
        with self._lock:
            if self._platform is None:
                with quick_loading():
                    from jupyter_platform.client import Platform  # noqa: PLC0415 - slow to import

                self._platform = Platform()
            return self._platform
