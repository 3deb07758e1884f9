"""Strategies: what one step of learning does."""

from jupyter_platform.learning.strategies.base import Material, Place, Report, Strategy
from jupyter_platform.learning.strategies.registry import installed_strategies, strategy_type

__all__ = [
    "Material",
    "Place",
    "Report",
    "Strategy",
    "installed_strategies",
    "strategy_type",
]
