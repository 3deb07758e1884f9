"""A log that is read while it grows."""

from __future__ import annotations

from collections.abc import Callable

from jupyter_platform.core.jobs import LogChunk


class LogReader:
    """Reads a growing log where it left off.

    Parameters
    ----------
    ask : callable
        Returns the piece of the log that begins at a byte.
    offset : int
        First byte; a negative one counts from the end.
    """

    def __init__(self, ask: Callable[[int], LogChunk], offset: int) -> None:
        self._ask = ask
        self._offset = offset

    def read(self) -> LogChunk:
        """Return the text added since the last call."""
        chunk = self._ask(self._offset)
        self._offset = chunk.next_offset
        return chunk
