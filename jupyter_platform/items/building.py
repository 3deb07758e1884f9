"""Making the weights of an item, and measuring them on what was held out.

``python -m jupyter_platform.items.building ITEM FOLDER`` runs ``build(folder)`` of the item's
module, which returns the value of the metric that its recipe names.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType

from jupyter_platform.core.errors import InvalidDataError, JobFailedError, PlatformError
from jupyter_platform.core.recipes import MeasuredMetric, Recipe
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.item_folders import METRIC_FILE, own_items, read_recipe


def item_module(folder: Path, recipe: Recipe) -> ModuleType:
    """Import the module of an item from its file.

    Raises
    ------
    InvalidDataError
        If its recipe names none.
    """
    name = recipe.service("api").module or ""
    path = folder / name
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise InvalidDataError(f"Item {folder.name} has no module {name!r}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    # As the server does it: the module may have files of its own beside it.
    sys.path.insert(0, str(folder))
    spec.loader.exec_module(module)
    return module


def build(name: str, data: Path) -> MeasuredMetric:
    """Make the weights of an item and write down what they reach.

    Parameters
    ----------
    name : str
        Name of an item that ships with the package.
    data : Path
        Folder for the weights; ``metric.json`` is written there last.

    Raises
    ------
    InvalidDataError
        If there is no such item, or nothing of it is made.
    JobFailedError
        If the weights do not reach what the recipe promises.
    """
    folder = own_items().get(name)
    recipe = None if folder is None else read_recipe(folder)
    if folder is None or recipe is None or recipe.metric is None:
        raise InvalidDataError(f"There is no item {name!r} whose weights are made.")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    value = float(item_module(folder, recipe).build(data))
    metric = recipe.metric
    if not metric.is_reached(value):
        bound = f"at least {metric.at_least}" if metric.at_most is None else f"{metric.at_most}"
        raise JobFailedError(f"{name}: {metric.name} is {value:.4g}; {bound} is promised.")
    measured = MeasuredMetric(name=metric.name, value=value, measured_on=metric.measured_on)
    write_bytes_atomic(data / METRIC_FILE, measured.model_dump_json().encode())
    return measured


def main(arguments: list[str]) -> int:
    """Build one item."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m jupyter_platform.items.building ITEM FOLDER\n")
        return 2
    began = time.monotonic()
    try:
        measured = build(arguments[0], Path(arguments[1]))
    except PlatformError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    took = time.monotonic() - began
    sys.stdout.write(
        f"{arguments[0]}: {measured.name} {measured.value:.4g} on {measured.measured_on} "
        f"({took:.0f} s)\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
