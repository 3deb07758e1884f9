"""Opening tabs of JupyterLab from a panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget

from jupyter_platform.panels.front import modules


class Opener(anywidget.AnyWidget):
    """Asks the page around a panel to open something, as a link of the platform would.

    Parameters
    ----------
    otherwise : callable
        Called with the words that nobody followed: in a notebook or by Voila, where a panel has to
        show by itself what they mean.
    """

    _esm = modules.joined("opener")

    def __init__(self, otherwise: Callable[[dict[str, str]], None]) -> None:
        super().__init__()
        self._otherwise = otherwise
        self._asked: dict[int, dict[str, str]] = {}
        self._count = 0
        self.on_msg(lambda _, message, __: self._hear(message))

    def follow(self, **words: str) -> None:
        """Ask to open what a link with these words opens, such as ``jupyterPlatformDeployment``."""
        self._count += 1
        self._asked[self._count] = words
        self.send({"id": self._count, "words": words})

    def _hear(self, message: dict[str, Any]) -> None:
        words = self._asked.pop(int(message["id"]), None)
        if words is not None and not message["isFollowed"]:
            self._otherwise(words)
