"""Rare facts about a run: phases, messages, checkpoints, weights."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any, Literal

from jupyter_platform.core.runs import RunEvent

FILE = "events.jsonl"


class EventLog:
    """Appends lines to ``events.jsonl``; may be called from any thread.

    Parameters
    ----------
    folder : Path
        The run folder.
    """

    def __init__(self, folder: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(folder / FILE, flags, 0o600)
        self._lock = threading.Lock()

    def write(self, kind: str, **facts: Any) -> None:
        """Append one event; a full disk loses the event, never the run.

        Parameters
        ----------
        kind : str
            Kind of the event.
        **facts
            What it says, as JSON values.
        """
        event = RunEvent.model_validate({"time": time.time(), "kind": kind, **facts})
        line = event.model_dump_json().encode() + b"\n"
        with self._lock:
            size = os.fstat(self._descriptor).st_size
            try:
                if os.write(self._descriptor, line) != len(line):
                    os.ftruncate(self._descriptor, size)
            except OSError:
                os.ftruncate(self._descriptor, size)

    def message(self, level: Literal["info", "warning", "danger"], text: str) -> None:
        """Record a message for the owner of the job.

        Parameters
        ----------
        level : {'info', 'warning', 'danger'}
            How serious the message is.
        text : str
            The message, one or more sentences.
        """
        self.write("message", level=level, text=text)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
