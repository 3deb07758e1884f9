"""Services that are started, or started again, while a deployment runs: `deep-start`.

``python -m jupyter_platform.serving.runner.requesting FOLDER URL [--deepaas]``, which the command
`deep-start` of a deployment's terminal runs. A request is a file of the service's name.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from jupyter_platform.core.recipes import ServiceName
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.serving.runner.context import Context
from jupyter_platform.serving.runner.services import PROGRAMS

LOOK_S = 0.5
"""Seconds between two looks for requests."""
PROGRAM = "deep-start"


def requests_folder(context: Context) -> Path:
    """Return the folder in which services are asked for."""
    return context.folder / "requests"


def programs_folder(context: Context) -> Path:
    """Return the folder of the commands that terminals of the deployment find."""
    return context.folder / PROGRAMS


def make_command(context: Context) -> None:
    """Make the command `deep-start`, where an API may be asked for."""
    requests_folder(context).mkdir(mode=0o700, exist_ok=True)
    url = context.run.base_urls.get("api")
    if url is None or "api" not in context.run.recipe.services:
        return
    programs_folder(context).mkdir(mode=0o700, exist_ok=True)
    words = [sys.executable, "-m", __name__, str(requests_folder(context)), url]
    text = f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n'
    write_bytes_atomic(programs_folder(context) / PROGRAM, text.encode(), fsync=False, mode=0o700)


def requested(context: Context) -> list[ServiceName]:
    """Return the services that are asked for, each request once."""
    found: list[ServiceName] = []
    for name in context.run.recipe.services:
        request = requests_folder(context) / name
        if request.exists() and name in context.run.base_urls:
            request.unlink(missing_ok=True)
            found.append(name)
    return found


def main(arguments: list[str]) -> int:
    """Ask for the API of the deployment that this terminal belongs to."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Start the inference API, or start it again after a change."
    )
    parser.add_argument("folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("url", help=argparse.SUPPRESS)
    parser.add_argument(
        "-d", "--deepaas", action="store_true", help="the inference API; this is the default"
    )
    given = parser.parse_args(arguments)
    try:
        write_bytes_atomic(given.folder / "api", b"", fsync=False)
    except OSError as error:
        print(f"The API cannot be asked for: {error.strerror}.", file=sys.stderr)  # noqa: T201
        return 1
    print(f"The API comes up at {given.url} within seconds; the log says how it goes.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
