"""Strategies: what one step of learning does."""

from jupyter_platform.learning.optimization.updater import Updater
from jupyter_platform.learning.strategies.base import Material, Place, Report, Strategy
from jupyter_platform.learning.strategies.moved import accept_earlier_names
from jupyter_platform.learning.strategies.registry import installed_strategies, strategy_type

__all__ = [
    "Material",
    "Place",
    "Report",
    "Strategy",
    "Updater",
    "installed_strategies",
    "strategy_type",
]

accept_earlier_names()
