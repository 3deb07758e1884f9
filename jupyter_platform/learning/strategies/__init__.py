"""Strategies: what one step of learning does."""

from typing import Any

from jupyter_platform.learning.optimization.updater import Updater
from jupyter_platform.learning.strategies.base import (
    BuildContext,
    NetworkSignature,
    Report,
    Strategy,
)
from jupyter_platform.learning.strategies.moved import accept_earlier_names, renamed
from jupyter_platform.learning.strategies.registry import installed_strategies, strategy_type

__all__ = [
    "BuildContext",
    "NetworkSignature",
    "Report",
    "Strategy",
    "Updater",
    "installed_strategies",
    "strategy_type",
]

accept_earlier_names()


def __getattr__(name: str) -> Any:
    """Return a class by the name that it had in earlier releases."""
    return renamed(name, {"Place": NetworkSignature, "Material": BuildContext})
