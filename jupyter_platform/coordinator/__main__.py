"""``python -m jupyter_platform.coordinator``: the daemon."""

from __future__ import annotations

import gc
import importlib
import logging
import sys

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.runtime.paths import Paths


def main() -> int:
    """Run until told to stop; return the exit code."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # Dask logs an error for every message to a dead host, without use to anybody.
    logging.getLogger("distributed").setLevel(logging.ERROR)
    # Imports make much that stays: to look for garbage in it takes a fifth of the time to start.
    gc.disable()
    serving = importlib.import_module("jupyter_platform.coordinator.daemon.serving")
    try:
        serving.run(Paths.default().ensure())
    except PlatformError as error:
        logging.getLogger("jupyter_platform.coordinator").critical("%s", error.message)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
