"""Strategies: what one step of learning does."""

from jupyter_platform.learning.strategies.base import Strategy
from jupyter_platform.learning.strategies.feed_forward import FeedForward

__all__ = ["FeedForward", "Strategy"]
