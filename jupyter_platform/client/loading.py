"""From weights to a torch module, without importing torch here."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from jupyter_platform.core.errors import InvalidDataError, UnavailableError
from jupyter_platform.runtime.weights_header import read_weights_header

FIGURES = "jupyter_platform.figures"
"""Entry-point group of functions that draw what a client knows."""
LOADERS = "jupyter_platform.loaders"
"""Entry-point group of functions that build a network."""


def build_network(description: dict[str, Any], weights: Path) -> Any:
    """Return the network with its weights, in evaluation mode.

    Parameters
    ----------
    description : dict
        JSON form of a `NetworkDescription`.
    weights : Path
        A safetensors file whose metadata tell ``input_shape`` and ``outputs``.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    InvalidDataError
        If the file is no such file, or does not fit the description.
    UnavailableError
        If torch is not installed.
    """
    input_shape, outputs = _built_for(weights)
    return _loader()(description, input_shape, outputs, weights)


def load_figure(name: str) -> Callable[..., Any]:
    """Return the function that draws something, without importing Bokeh before it is wanted.

    Parameters
    ----------
    name : str
        ``curves``, ``comparison`` or ``sweep``.

    Raises
    ------
    UnavailableError
        If it is not installed, or Bokeh is not.
    """
    for entry in entry_points(group=FIGURES, name=name):
        try:
            found: Callable[..., Any] = entry.load()
        except ImportError as error:
            raise UnavailableError(
                f"Plots can only be drawn where Bokeh is installed ({error}): `pip install bokeh`."
            ) from error
        return found
    raise UnavailableError(
        f"No figure {name!r} is installed; reinstall jupyter-platform: `pip install -U "
        "jupyter-platform`."
    )


def _built_for(weights: Path) -> tuple[list[int], int]:
    """Read from a weights file which sample shape and how many outputs its network has."""
    try:
        metadata = read_weights_header(weights)
        shape = [int(extent) for extent in json.loads(metadata["input_shape"])]
        return shape, int(metadata["outputs"])
    except (InvalidDataError, ValueError, KeyError, TypeError) as error:
        raise InvalidDataError(
            f"{weights} does not tell which network its weights belong to "
            f"({type(error).__name__}: {error}); it is no weights file of this platform."
        ) from error


def _loader() -> Callable[..., Any]:
    for entry in entry_points(group=LOADERS, name="network"):
        try:
            loader: Callable[..., Any] = entry.load()
        except ImportError as error:
            raise UnavailableError(
                f"A network can only be built where torch is installed ({error}); "
                "`job.weights(path)` gives the file without it."
            ) from error
        return loader
    raise UnavailableError(
        "No loader of networks is installed; reinstall jupyter-platform: `pip install -U "
        "jupyter-platform`."
    )
