"""From weights to a torch module, without importing torch here."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from jupyter_platform.core.errors import UnavailableError

LOADERS = "jupyter_platform.loaders"
"""Entry-point group of functions that build a network."""


def build_network(
    description: dict[str, Any],
    input_shape: list[int] | None,
    outputs: int | None,
    weights: Path,
) -> Any:
    """Return the network with its weights, in evaluation mode.

    Parameters
    ----------
    description : dict
        JSON form of a `NetworkDescription`.
    input_shape : list of int, optional
        Shape of one sample.
    outputs : int, optional
        Number of classes or of regression targets.
    weights : Path
        A safetensors file.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    UnavailableError
        If torch is not installed.
    """
    return _loader()(description, input_shape, outputs, weights)


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
