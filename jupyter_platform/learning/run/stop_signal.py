"""The request to stop, set by a signal handler and read by the loop."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

PATIENCE_S = 5.0
"""Seconds that a step, a validation or an episode may go on after a stop was asked for."""
_AGAIN_S = 1.0


@dataclass(frozen=True)
class Ending:
    """Why a run ends before its last step."""

    rule: str
    """The option that ends it, or the series that is no number."""
    text: str
    """A sentence for people."""


class Interrupted(BaseException):
    """Raised inside work that goes on long after a stop; no ``except Exception`` catches it."""


class StopFlag:
    """A request to stop as a plain attribute, which costs the loop nothing to read."""

    __slots__ = ("_cuttable", "ending", "failure", "requested")

    def __init__(self) -> None:
        self.requested = False
        self.ending: Ending | None = None
        """The rule that ended it, unless a person did before."""
        self.failure: Ending | None = None
        """What makes going on pointless."""
        self._cuttable = False

    def listen(self) -> None:
        """Hear SIGTERM from now on; what then goes on for too long is cut, see `cut_short`."""
        signal.signal(signal.SIGTERM, self._asked)
        signal.signal(signal.SIGALRM, self._late)

    @contextlib.contextmanager
    def cut_short(self) -> Iterator[None]:
        """Let what happens inside be left, with `Interrupted`, some seconds after a stop.

        That reaches loops and waits of Python, also those of code that never looks at the flag.
        Nothing inside may talk to other ranks or write what must be whole.
        """
        before, self._cuttable = self._cuttable, True
        try:
            yield
        finally:
            self._cuttable = before

    def end(self, rule: str, text: str) -> None:
        """Let it end because a rule says so.

        Parameters
        ----------
        rule : str
            Name of the option that ends the run.
        text : str
            A sentence for people.
        """
        if not self.requested:
            self.ending = Ending(rule, text)
            self.requested = True

    def fail(self, series: str, text: str) -> None:
        """Let it end because a value is no number any more.

        Parameters
        ----------
        series : str
            Name of the series that is not finite.
        text : str
            A sentence for people.
        """
        if self.failure is None:
            self.failure = Ending(series, text)
            self.requested = True

    def _asked(self, _signal: int, _frame: FrameType | None) -> None:
        self.requested = True
        signal.setitimer(signal.ITIMER_REAL, PATIENCE_S, _AGAIN_S)

    def _late(self, _signal: int, _frame: FrameType | None) -> None:
        if self._cuttable:
            self._cuttable = False  # should it come while that is being set
            raise Interrupted
