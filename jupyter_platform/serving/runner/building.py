"""Making what items need before they are first deployed here: environments, downloads, weights.

``python -m jupyter_platform.serving.runner.building [ITEM…]``; without names those that ship with
the package and have weights to make.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from jupyter_platform.core.errors import (
    InvalidRequestError,
    OptionError,
    PlatformError,
    unknown_name,
)
from jupyter_platform.core.recipes import DeploymentRun, Recipe
from jupyter_platform.runtime.event_log import EventLog
from jupyter_platform.runtime.item_folders import own_items, read_metric, read_recipe
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.stopping import StopRequest
from jupyter_platform.runtime.virtual_environments import StoppedError
from jupyter_platform.serving.runner.context import Context
from jupyter_platform.serving.runner.preparing import prepare


def build(name: str, stop: StopRequest) -> None:
    """Make all that one item needs; what is there already stays.

    Parameters
    ----------
    name : str
        Name of an item that ships with the package.
    stop : StopRequest
        Ends it when it is asked for.

    Raises
    ------
    OptionError
        If there is no such item.
    PlatformError
        If something cannot be made.
    """
    folder = own_items().get(name)
    if folder is None:
        raise OptionError.from_fields([unknown_name("item", name, own_items())])
    recipe = read_recipe(folder)
    if recipe is None:
        raise InvalidRequestError(f"Item {name} has no recipe: there is nothing to make.")
    paths = Paths.default().ensure()
    with tempfile.TemporaryDirectory(prefix="jp-build-") as place:
        events = EventLog(Path(place))
        try:
            context = Context(_run(name, folder, recipe, place), Path(place), paths, events, stop)
            prepare(context).close()
        finally:
            events.close()


def _run(name: str, folder: Path, recipe: Recipe, place: str) -> DeploymentRun:
    return DeploymentRun(
        id="build",
        item=name,
        folder=str(folder),
        recipe=recipe,
        service=recipe.main_service,
        base_urls={},
        sockets=place,
    )


def items_with_weights() -> list[str]:
    """Return the names of the package's own items whose weights are made."""
    recipes = {name: read_recipe(folder) for name, folder in own_items().items()}
    return [name for name, recipe in recipes.items() if recipe is not None and recipe.phases]


def main(names: list[str]) -> int:
    """Make what some items need; say of each what its weights reach."""
    stop = StopRequest()
    stop.listen()
    failed = False
    for name in names or items_with_weights():
        began = time.monotonic()
        try:
            build(name, stop)
        except StoppedError:
            return 1
        except PlatformError as error:
            sys.stderr.write(f"{error.message}\n")
            failed = True
            continue
        metric = read_metric(name, Paths.default())
        reached = f", {metric.name} {metric.value:.4g} on {metric.measured_on}" if metric else ""
        sys.stdout.write(f"{name} is ready{reached} ({time.monotonic() - began:.0f} s)\n")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
