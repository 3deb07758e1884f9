"""The process of a module: loads it, warms it once, and answers one call after the other.

``python -m jupyter_platform.serving.workers.process CHANNEL WARM [MODULE]``: the number of an open
socket, ``1`` or ``0``, and what names the module. Calls run in the main thread, as code that sets
signal handlers or opens windows expects. Beside it a thread answers what must not wait for a call.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import socket
import sys
import threading
from pathlib import Path

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.serving.contract.loading import load
from jupyter_platform.serving.contract.module import Module, refused
from jupyter_platform.serving.contract.parsing import ArgumentsError
from jupyter_platform.serving.contract.results import Answer, failure, plain
from jupyter_platform.serving.workers.messages import (
    Question,
    Reply,
    Started,
    packed,
    receive_blocking,
)
from jupyter_platform.serving.workers.sources import digests


def main(arguments: list[str]) -> None:
    """Answer until the service closes the channel."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    channel = socket.socket(fileno=int(arguments[0]))
    wanted = arguments[2] if len(arguments) > 2 else None
    worker = _Worker(channel)
    try:
        loaded = load(wanted)
        module = Module(loaded)
        if arguments[1] == "1":
            module.warm()
        started = Started(description=module.describe(), sources=digests(loaded.folder))
    except PlatformError as error:
        worker.send(Started(error=error.message))
        return
    except Exception as error:
        logging.getLogger(__name__).exception("The module cannot be made ready.")
        worker.send(
            Started(error=f"The module cannot be made ready: {type(error).__name__}: {error}.")
        )
        return
    worker.send(started)
    worker.answer(module)


class _Worker:
    """Questions from the channel, answers into it."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._sending = threading.Lock()
        self._calls: queue.SimpleQueue[Question] = queue.SimpleQueue()

    def send(self, message: Started | Reply) -> None:
        """Send a message whole."""
        with self._sending:
            self._channel.sendall(packed(message))

    def answer(self, module: Module) -> None:
        """Answer calls in this thread, all else in another one."""
        threading.Thread(target=self._listen, args=(module,), daemon=True).start()
        while True:
            question = self._calls.get()
            self.send(Reply(id=question.id, answer=_call(module, question)))

    def _listen(self, module: Module) -> None:
        while (data := receive_blocking(self._channel)) is not None:
            question = Question.model_validate_json(data)
            if question.about == "call":
                self._calls.put(question)
            else:
                self.send(_beside(module, question))
        # The service is gone. What a call started of its own goes with this process.
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(0)


def _call(module: Module, question: Question) -> Answer:
    try:
        if question.method == "train":
            return module.train(question.raw)
        return module.predict(question.raw, Path(question.folder))
    except SystemExit as error:
        return failure(500, f"The module called exit({error.code}).")


def _beside(module: Module, question: Question) -> Reply:
    try:
        if question.about == "metadata":
            return Reply(id=question.id, values=plain(module.metadata()))
        values = module.check(question.method, question.raw)
        return Reply(id=question.id, values=plain(values))
    except ArgumentsError as error:
        return Reply(id=question.id, answer=refused(error))
    except Exception as error:  # noqa: BLE001 - the code of a stranger raises anything
        message = f"{type(error).__name__}: {error}"
        return Reply(id=question.id, answer=failure(500, message))


if __name__ == "__main__":
    main(sys.argv[1:])
