"""A platform of its own for a benchmark, in temporary folders."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_platform import Platform
from jupyter_platform.core.settings import load_settings
from jupyter_platform.runtime.launch import request_down
from jupyter_platform.runtime.paths import Paths


@contextmanager
def fresh_lab() -> Iterator[Platform]:
    """Start a platform in temporary folders, and end it with everything it started."""
    with tempfile.TemporaryDirectory(prefix="jp-bench-", ignore_cleanup_errors=True) as folder:
        os.environ["JUPYTER_DATA_DIR"] = f"{folder}/data"
        os.environ["JUPYTER_RUNTIME_DIR"] = f"{folder}/runtime"
        # Somebody's own platform may hold the CPUs of this machine.
        lab = Platform(settings=load_settings(None, {"cluster.overcommit": True}))
        try:
            yield lab
        finally:
            request_down(Paths.default())  # returns when all is down: the folders go next


def wait_until_warm(lab: Platform, timeout_s: float = 120) -> None:
    """Wait until every host keeps a warm process."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        hosts = lab.hosts()
        if hosts and all(host.description.warm for host in hosts):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no warm process within {timeout_s} s")
