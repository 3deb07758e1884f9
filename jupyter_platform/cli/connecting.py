"""How commands reach the platform."""

from __future__ import annotations

import time

from jupyter_platform.cli.output import step
from jupyter_platform.client import Platform
from jupyter_platform.core.settings import Settings


class Steps:
    """Tells steps on standard error with the time since the first, each step once."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._said = ""

    def __call__(self, text: str, _: float = 0.0) -> None:
        """Print a step of the start, unless it was the last one printed."""
        if text != self._said:
            self._said = text
            step(text, time.monotonic() - self._began)


def platform(*, start: bool = True, settings: Settings | None = None) -> Platform:
    """Return the platform; while it is started the steps are told on standard error."""
    return Platform(start=start, settings=settings, on_progress=Steps())
