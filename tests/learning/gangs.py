"""Gangs whose ranks are threads: connected as processes are, and started in no time."""

from __future__ import annotations

import contextvars
import threading

import torch.distributed as dist

from jupyter_platform.learning.distributed.process_group import Communicator, connect
from tests.waiting import DEADLINE_S


def run_gang(size, work):
    """Run ``work(gang)`` as each rank; return what they returned, or raise what one raised."""
    store, results, errors = dist.HashStore(), [None] * size, []

    def body(rank):
        try:
            view = dist.PrefixStore("gang", store)
            results[rank] = work(Communicator(rank, size, connect(view, rank, size)))
        except Exception as error:  # noqa: BLE001  # whatever it is, the test sees it
            errors.append(error)

    threads = [
        # Each with a context of its own, as processes have.
        threading.Thread(target=contextvars.Context().run, args=(body, rank), daemon=True)
        for rank in range(size)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
        assert not thread.is_alive() or errors, "the gang hangs"
    if errors:
        raise errors[0]
    return results
