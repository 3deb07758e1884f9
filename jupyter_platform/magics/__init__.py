"""Magics for notebooks: ``%submit``, ``%rl``, ``%jobs``, ``%job`` and ``%stop``."""

from jupyter_platform.magics.magics import load, unload

__all__ = ["load", "unload"]
