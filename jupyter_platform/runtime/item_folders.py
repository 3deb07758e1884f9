"""Folders of marketplace items: what is in them, and what was made for them on this machine."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import yaml
from pydantic import ValidationError

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.recipes import (
    METADATA_FILE,
    RECIPE_FILE,
    MeasuredMetric,
    Recipe,
    recipe_from,
)
from jupyter_platform.runtime.bounded import BoundsError, parse_yaml, read_text
from jupyter_platform.runtime.paths import Paths

METRIC_FILE = "metric.json"
"""Beside the weights of an item."""


def own_items() -> dict[str, Path]:
    """Return the folders of the items that ship with the package, by name."""
    root = Path(str(resources.files("jupyter_platform"))) / "items"
    return {path.parent.name: path.parent for path in sorted(root.glob(f"*/{METADATA_FILE}"))}


def read_recipe(folder: Path) -> Recipe | None:
    """Return the recipe of an item, or None where its folder has none.

    Raises
    ------
    InvalidDataError
        If the file cannot be read, is no YAML, or is beyond the bounds of `runtime.bounded`.
    OptionError
        If something of it is unknown, missing or out of range.
    """
    path = folder / RECIPE_FILE
    try:
        text = read_text(path)
        content = parse_yaml(text)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidDataError(f"{path} cannot be read: {error.strerror}.") from error
    except (BoundsError, yaml.YAMLError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise InvalidDataError(f"{path} is no YAML that is read: {first}.") from error
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
        raise InvalidDataError(f"{path} has aliases (*name), which are not read.")
    return recipe_from(content)


def read_metric(item: str, paths: Paths) -> MeasuredMetric | None:
    """Return what was measured when the weights of an item were made here; None before that.

    Parameters
    ----------
    item : str
        Name of the item.
    paths : Paths
        The platform's folders.
    """
    try:
        return MeasuredMetric.model_validate_json((paths.item(item) / METRIC_FILE).read_bytes())
    except (OSError, ValidationError):
        return None
