"""Entry point of ``jupyter platform``: finds the command, turns errors into exit codes.

Click reads the arguments because options may stand between ``key=value`` words, which argparse
cannot do below a sub-command, and because each command is imported only when it is called.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from jupyter_platform._version import __version__
from jupyter_platform.core.errors import (
    AmbiguousNameError,
    InvalidRequestError,
    NotFoundError,
    PlatformError,
    UnavailableError,
    sendable,
)

PROGRAM = "jupyter platform"

FAILED, USAGE, NOT_FOUND, UNAVAILABLE, INTERRUPTED = 1, 2, 3, 4, 130

EXIT_CODES: tuple[tuple[type[PlatformError], int], ...] = (
    (NotFoundError, NOT_FOUND),
    (UnavailableError, UNAVAILABLE),
    (InvalidRequestError, USAGE),
    (AmbiguousNameError, USAGE),
)

COMMANDS = {
    "up": "cluster",
    "status": "cluster",
    "down": "cluster",
    "logs": "logs",
    "doctor": "doctor",
    "submit": "submit",
    "jobs": "jobs",
    "job": "jobs",
    "stop": "jobs",
    "delete": "jobs",
    "restore": "jobs",
    "metrics": "jobs",
    "predict": "predict",
    "generate": "generate",
    "benchmark": "benchmark",
    "rl": "acting",
    "hosts": "catalogue",
    "networks": "networks",
    "tags": "tags",
    "datasets": "datasets",
    "environments": "acting",
    "pools": "acting",
    "strategies": "strategies",
    "items": "items",
    "deploy": "deployments",
    "deployments": "deployments",
    "deployment": "deployments",
    "options": "catalogue",
    "notifications": "catalogue",
    "demo": "demo",
    "lab": "lab",
}
"""Command to the module that holds it, in the order of the help page."""


class LazyGroup(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None when there is none by that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"jupyter_platform.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=PROGRAM)
def cli() -> None:
    """Submit, queue, train and watch jobs.

    Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 not found, 4 the coordinator cannot be
    reached, 130 interrupted.
    """


def exit_code(error: PlatformError) -> int:
    """Return the exit code that an error ends the program with."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), FAILED)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        _check_text(sys.argv[1:] if arguments is None else arguments)
        answer: Any = cli.main(args=arguments, prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the pipe has left; Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except PlatformError as error:
        click.echo(_sentences(error), err=True)
        return exit_code(error)
    except OSError as error:
        if "JUPYTER_PLATFORM_DEBUG" in os.environ:
            raise
        where = f"{error.filename}: " if error.filename is not None else ""
        click.echo(f"{where}{error.strerror or error}.", err=True)
        return FAILED
    except Exception as error:
        if "JUPYTER_PLATFORM_DEBUG" in os.environ:
            raise
        click.echo(
            f"This is a defect of jupyter-platform: {type(error).__name__}: {error}\n"
            "Please report it, with what JUPYTER_PLATFORM_DEBUG=1 shows.",
            err=True,
        )
        return FAILED
    return answer if isinstance(answer, int) else 0


def main() -> None:
    """Run the command line of this process."""
    for stream in (sys.stdout, sys.stderr):
        # States are drawn with shapes that not every terminal has.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.exit(run())


def _check_text(arguments: Sequence[str]) -> None:
    for word in arguments:
        if sendable(word) != word:
            raise click.UsageError(f"The argument {word!r} is no text in UTF-8.")


def _sentences(error: PlatformError) -> str:
    if len(error.errors) > 1:
        return "\n".join(item.message for item in error.errors)
    return error.message


if __name__ == "__main__":
    main()
