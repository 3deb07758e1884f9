"""Loading modules while a panel is being opened."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quick_loading() -> Iterator[None]:
    """Keep the garbage collector away while modules are loaded.

    It would go through all that is there several times, a quarter of the time that loading takes,
    and find nothing: modules stay.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
