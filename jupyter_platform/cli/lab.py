"""``jupyter platform lab``: JupyterLab with a job running in front."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from jupyter_platform.cli.connecting import Steps
from jupyter_platform.client import Job, Platform
from jupyter_platform.core.states import JobType

NAME = "first-look"
OPTIONS: dict[str, Any] = {"batch_size": 64, "max_iterations": 100_000, "validation_interval": 500}
"""Several minutes of learning on a laptop, with a curve that visibly falls."""
SETTINGS = Path(__file__).with_name("jupyterlab_config")
"""Folder of configuration for Jupyter: how JupyterLab is set where its user has said nothing."""


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lab(arguments: Sequence[str]) -> NoReturn:
    """Open JupyterLab on a job that runs; ARGUMENTS go to `jupyter lab`.

    A job that runs already is shown; else a network begins to learn handwritten digits.
    """
    say = Steps()
    say("Looking for the platform")
    job = _running_job(Platform(on_progress=say))
    say(f"JupyterLab opens on job {job.name!r} ({job.id})")
    command = [sys.executable, "-m", "jupyterlab", *arguments]
    # Without a query: Jupyter appends "?token=…" to it where it prints the address.
    command.append(f"--LabApp.default_url=/jupyter-platform/jobs/{job.id}")
    sys.stdout.flush()
    # Its question about news would lie over the job; who has answered it keeps their answer.
    paths = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    environment = os.environ | {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths))}
    os.execve(sys.executable, command, environment)


def _running_job(platform: Platform) -> Job:
    running = platform.jobs(state="starting,running", type=JobType.LEARN, limit=1)
    if running:
        return running[0]
    return platform.submit("LEARN", "lenet-digits", "digits", name=NAME, **OPTIONS)
