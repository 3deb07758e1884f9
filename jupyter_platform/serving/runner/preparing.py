"""What comes before the services: the environment, downloads, and phases of the item's own."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from signal import Signals

from jupyter_platform.core.errors import HostError
from jupyter_platform.core.recipes import DownloadRecipe, PhaseRecipe
from jupyter_platform.core.units import format_bytes
from jupyter_platform.runtime.fetching import OnBytes, fetch
from jupyter_platform.runtime.stopping import end_tree, wait_for
from jupyter_platform.runtime.virtual_environments import (
    MadeEnvironment,
    StoppedError,
    platform_environment,
    prepare_environment,
    read_lock,
)
from jupyter_platform.serving.runner import variables
from jupyter_platform.serving.runner.context import Context
from jupyter_platform.serving.runner.images import fetch_image

ENVIRONMENT, DOWNLOAD = "environment", "download"
"""Names of phases."""
LONGEST_PHASE_S = 6 * 3600.0
_GRACE_S = 2.0
_LOOK_S = 0.2


def prepare(context: Context) -> MadeEnvironment:
    """Make all that the services of an item need, and return the environment that they run in.

    Raises
    ------
    PlatformError
        If something cannot be had; the message says what and why.
    StoppedError
        If a stop was asked for.
    """
    recipe = context.run.recipe
    for program in recipe.needs:
        if shutil.which(program) is None:
            raise HostError(
                f"Item {context.run.item} needs the program {program!r}, which is not on the PATH "
                f"of host {os.uname().nodename}. Install it there, or choose a host that has it."
            )
    fetch_image(context)
    environment = _environment(context)
    try:
        context.make_folders()
        with context.item_turn():
            for download in recipe.downloads:
                _download(context, download)
            for phase in recipe.phases:
                _run_phase(context, phase, environment)
    except BaseException:
        environment.close()
        raise
    return environment


def _environment(context: Context) -> MadeEnvironment:
    wanted = context.run.recipe.environment
    if wanted is None:
        return platform_environment()
    context.phase(ENVIRONMENT, "Looking for the environment", 0.0)
    made = prepare_environment(
        context.paths.environments,
        read_lock(Path(context.run.folder) / wanted.lock),
        layered=wanted.layered,
        stop=context.stop,
        on_progress=lambda text, fraction: context.phase(ENVIRONMENT, text, fraction),
    )
    context.phase(ENVIRONMENT, "The environment is ready", 1.0)
    return made


def _download(context: Context, download: DownloadRecipe) -> None:
    path = context.item_data / download.file
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = f"Downloading {path.name}, {format_bytes(download.size)}"

    def tell(have: int) -> None:
        context.phase(DOWNLOAD, text, have / download.size)

    part = path.with_name(f"{path.name}.part")
    asyncio.run(_fetched(context, download, part, tell))
    part.rename(path)


async def _fetched(context: Context, download: DownloadRecipe, part: Path, tell: OnBytes) -> None:
    fetching = asyncio.ensure_future(
        fetch([download.url], download.size, download.sha256, part, tell)
    )
    while not fetching.done():
        await asyncio.wait([fetching], timeout=_LOOK_S)
        if context.stop.requested:
            fetching.cancel()
            raise StoppedError
    await fetching


def _run_phase(context: Context, phase: PhaseRecipe, environment: MadeEnvironment) -> None:
    made = context.item_data / phase.makes
    if made.exists():
        return
    context.phase(phase.name, phase.text)
    child = subprocess.Popen(
        filled(phase.command, context),
        stdin=subprocess.DEVNULL,
        cwd=context.work,
        env=variables_of(context, environment),
        start_new_session=True,
    )
    ended = wait_for(child, context.stop, LONGEST_PHASE_S)
    if not ended:
        end_tree(child, _GRACE_S)
    context.check_stop()
    failed = f"Phase {phase.name} of item {context.run.item} failed ({phase.text.rstrip('.')}):"
    if not ended:
        raise HostError(f"{failed} it took over {LONGEST_PHASE_S / 3600:.0f} hours.")
    if child.returncode:
        raise HostError(
            f"{failed} {how_it_ended(child.returncode)}. Its last lines are in the log."
        )
    if not made.exists():
        raise HostError(f"{failed} it ended without making {phase.makes}.")


def variables_of(context: Context, environment: MadeEnvironment) -> dict[str, str]:
    """Return the environment variables of all that runs for a deployment."""
    found = environment.variables(os.environ)
    return found | {
        variables.ITEM_FOLDER: str(context.item_folder),
        variables.ITEM_DATA: str(context.item_data),
        variables.CONFIGURATION: str(context.configuration_file),
        variables.DEPLOYMENT: context.run.id,
    }


def filled(
    command: list[str], context: Context, more: Mapping[str, str] | None = None
) -> list[str]:
    """Return the words of a command with its placeholders filled in.

    Parameters
    ----------
    command : list of str
        Words with names of `core.recipes.PLACEHOLDERS` in braces.
    context : Context
        The deployment.
    more : mapping, optional
        Values of placeholders that one service alone has.
    """
    values = {
        "item": str(context.item_folder),
        "data": str(context.item_data),
        "work": str(context.work),
        **(more or {}),
    }
    words = []
    for word in command:
        for name, value in values.items():
            word = word.replace(f"{{{name}}}", value)
        words.append(word)
    return words


def how_it_ended(code: int) -> str:
    """Say how a process ended: its exit code, or the signal."""
    if code >= 0:
        return f"it ended with exit code {code}"
    return f"it was ended by signal {Signals(-code).name}"
