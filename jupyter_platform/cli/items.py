"""``jupyter platform items``."""

from __future__ import annotations

import subprocess
import sys

import click


@click.group()
def items() -> None:
    """Items of the marketplace."""


@items.command("build")
@click.argument("names", metavar="[NAME]…", nargs=-1)
def build(names: tuple[str, ...]) -> int:
    """Make what items of the package need: environments, downloads and weights.

    A deployment makes what is missing when it first starts, so this is for those who would rather
    wait now. Without names all items whose weights are made.
    """
    command = [sys.executable, "-m", "jupyter_platform.serving.runner.building", *names]
    return subprocess.run(command, check=False).returncode
