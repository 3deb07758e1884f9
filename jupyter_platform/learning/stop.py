"""The wish to stop, as a signal handler sets it and the loop reads it."""

from __future__ import annotations


class StopFlag:
    """A plain attribute, so that looking at it costs the loop nothing."""

    __slots__ = ("requested",)

    def __init__(self) -> None:
        self.requested = False
