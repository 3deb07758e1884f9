"""What our layers have in common."""

from __future__ import annotations

import inspect

from torch import nn


class Described(nn.Module):
    """A layer that keeps its arguments as attributes, and shows them where it is printed."""

    def extra_repr(self) -> str:
        """Return the arguments as ``name=value, …``."""
        names = inspect.signature(type(self)).parameters
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
