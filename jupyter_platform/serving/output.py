"""What the processes of a service print, kept for its debug route."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque

MOST_BYTES = 1_000_000
"""Bytes that are kept; the first ones go."""


class Captured:
    """The end of a pipe that others print into; all of it is passed on to the standard output."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        self._parts: deque[bytes] = deque()
        self._held = 0

    def listen(self) -> None:
        """Take in what comes, from now on, in the running loop."""
        asyncio.get_running_loop().add_reader(self._reading, self._take)

    def text(self) -> str:
        """Return what was printed last."""
        return b"".join(self._parts).decode("utf-8", "replace")

    def close(self) -> None:
        """Listen no more."""
        asyncio.get_running_loop().remove_reader(self._reading)
        os.close(self._reading)
        os.close(self.writing)

    def _take(self) -> None:
        try:
            data = os.read(self._reading, 1 << 16)
        except BlockingIOError:
            return
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        self._parts.append(data)
        self._held += len(data)
        while self._held > MOST_BYTES:
            self._held -= len(self._parts.popleft())
