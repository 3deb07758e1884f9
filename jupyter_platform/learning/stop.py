"""The wish to stop, as a signal handler sets it and the loop reads it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ending:
    """Why a run ends before its last step."""

    rule: str
    """The option that ends it, or the series that is no number."""
    text: str
    """A sentence for people."""


class StopFlag:
    """A plain attribute, so that looking at it costs the loop nothing; others say why."""

    __slots__ = ("ending", "failure", "requested")

    def __init__(self) -> None:
        self.requested = False
        self.ending: Ending | None = None
        """The rule that ended it, unless a person did before."""
        self.failure: Ending | None = None
        """What makes going on pointless."""

    def end(self, rule: str, text: str) -> None:
        """Let it end because a rule says so."""
        if not self.requested:
            self.ending = Ending(rule, text)
            self.requested = True

    def fail(self, series: str, text: str) -> None:
        """Let it end because a value is no number any more."""
        if self.failure is None:
            self.failure = Ending(series, text)
            self.requested = True
