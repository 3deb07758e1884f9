"""How commands reach the platform."""

from __future__ import annotations

from jupyter_platform.cli.output import step
from jupyter_platform.client import Platform
from jupyter_platform.core.settings import Settings


def platform(*, start: bool = True, settings: Settings | None = None) -> Platform:
    """Return the platform; while it is started the steps are told on standard error."""
    return Platform(start=start, settings=settings, on_progress=step)
