"""The command line: ``api`` serves; ``metadata``, ``warm``, ``predict`` and ``train`` call."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.serving import shell
from jupyter_platform.serving.runner.variables import BASE_URL, PORT, SOCKET
from jupyter_platform.serving.settings import ServiceSettings


@click.group(help="The inference API: serve a module, or call its functions from a shell.")
def main() -> None:
    """Set up what all commands share."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")


_MODULE = (
    "Entry point of the group deepaas.v2.model, import path, or file ….py. When absent the one "
    "that the variable DEEPAAS_V2_MODEL names, or the only one that is installed."
)


def _threads() -> int:
    """Return the threads that OpenMP is allowed on its outermost level; 1 where nothing is said."""
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else 1


@main.command()
@click.option("--module", "modules", multiple=True, help=f"{_MODULE} May be given several times.")
@click.option(
    "--network",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of a network of the repository, served instead of a module.",
)
@click.option("--socket", type=click.Path(path_type=Path), envvar=SOCKET, help="Unix socket.")
@click.option("--listen-ip", default="127.0.0.1", show_default=True)
@click.option("--listen-port", type=int, default=5000, envvar=PORT, show_default=True)
@click.option("--base-url", default="/", envvar=BASE_URL, help="Prefix that browsers see.")
@click.option("-p", "--workers", type=int, default=1, show_default=True)
@click.option("--warm/--no-warm", default=True, help="Make the module ready first.")
@click.option("--predict-endpoint/--no-predict-endpoint", default=True)
@click.option("--train-endpoint/--no-train-endpoint", default=True)
@click.option("--debug-endpoint/--no-debug-endpoint", default=False)
@click.option("--doc-endpoint/--no-doc-endpoint", default=True)
@click.option("--client-max-size", type=int, default=0, help="Bytes of a request; 0: any.")
@click.option("--queue", type=int, default=256, show_default=True, help="Calls that may wait.")
@click.option("--max-batch", type=int, default=64, show_default=True, help="Samples at once.")
@click.option(
    "--max-wait-ms",
    type=float,
    default=0.0,
    show_default=True,
    help="Milliseconds that a sample waits for others, unless the batch is full before.",
)
@click.option("--threads", type=int, default=_threads, help="Of torch; OMP_NUM_THREADS, else 1.")
def api(
    modules: tuple[str, ...],
    socket: Path | None,
    listen_ip: str,
    listen_port: int,
    base_url: str,
    **other: Any,
) -> None:
    """Serve a module until SIGTERM."""
    from jupyter_platform.serving.serve import Address, run  # noqa: PLC0415 - the others need no web

    prefix = f"/{base_url.strip('/')}/" if base_url.strip("/") else "/"
    try:
        settings = ServiceSettings(modules=modules or (None,), base_url=prefix, **other)
        is_well = run(settings, Address(socket, listen_ip, listen_port))
    except ValidationError as error:
        first = error.errors()[0]
        name = "--" + str(first["loc"][0]).replace("_", "-")
        raise click.BadParameter(f"{first['input']}: {first['msg']}", param_hint=name) from error
    except PlatformError as error:
        raise click.ClickException(error.message) from error
    if not is_well:
        sys.exit(1)


_OUTPUT = click.option(
    "--deepaas_method_output",
    "-o",
    "output",
    type=click.Path(path_type=Path),
    help="File that the answer is written to; standard output when absent.",
)
_WORDS = click.argument("words", nargs=-1, type=click.UNPROCESSED)
_ANY_WORDS: dict[str, Any] = {"ignore_unknown_options": True, "help_option_names": []}
_ONE_MODULE = click.option("--module", help=_MODULE)


@main.command("metadata")
@_ONE_MODULE
@_OUTPUT
def tell_metadata(module: str | None, output: Path | None) -> None:
    """Print what a module tells of itself, as JSON."""
    with _told_errors():
        told = shell.metadata(module)
    _put(told, output)


@main.command()
@_ONE_MODULE
def warm(module: str | None) -> None:
    """Let a module make itself ready, as to fetch its weights before a service starts."""
    with _told_errors():
        shell.warm(module)


@main.command(context_settings=_ANY_WORDS)
@_ONE_MODULE
@_OUTPUT
@_WORDS
def predict(module: str | None, output: Path | None, words: tuple[str, ...]) -> None:
    """Call predict with --NAME VALUE …; --help lists the arguments of the module."""
    made: Path | bytes
    with _told_errors():
        if "--help" in words:
            made = f"{shell.usage(module, 'predict')}\n".encode()
        else:
            made = shell.predict(module, words, output)
    if isinstance(made, bytes):
        sys.stdout.buffer.write(made)
    else:
        click.echo(f"Written to {made}.", err=True)


@main.command(context_settings=_ANY_WORDS)
@_ONE_MODULE
@_OUTPUT
@_WORDS
def train(module: str | None, output: Path | None, words: tuple[str, ...]) -> None:
    """Call train with --NAME VALUE …, and wait for its end; --help lists the arguments."""
    with _told_errors():
        is_help = "--help" in words
        told = shell.usage(module, "train") if is_help else shell.train(module, words)
    _put(told, None if is_help else output)


def _put(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text)
    click.echo(f"Written to {output}.", err=True)


@contextlib.contextmanager
def _told_errors() -> Iterator[None]:
    """Tell errors of ours as one sentence; what a module prints goes to the standard error."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except PlatformError as error:
        raise click.ClickException(error.message) from error
