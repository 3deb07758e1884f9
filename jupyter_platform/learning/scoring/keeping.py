"""Effects of an evaluation beside its scores: outputs as a file, the best weights of a tag."""

from __future__ import annotations

import math
import os
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.learning.run.context import RunContext

FILES = "files"
"""Folder of the run that holds what people may download."""
OUTPUTS_FILE = "outputs.safetensors"
_STORED = ("accuracy", "loss", "r2", "elbo")
"""Scores that are noted beside weights."""


def keep_outputs(context: RunContext, indices: Tensor, outputs: Tensor) -> dict[str, Any]:
    """Write what the networks gave for each sample, in the order of the set.

    Parameters
    ----------
    indices : Tensor, int64, shape (n,)
        Numbers of the samples in the dataset.
    outputs : Tensor, shape (n, …)
        On the CPU.

    Returns
    -------
    dict
        ``file``, ``shape`` and ``bytes``.

    Raises
    ------
    PlatformError
        If the file cannot be written.
    """
    folder = context.folder / FILES
    temporary = folder / f".{OUTPUTS_FILE}"
    path = folder / OUTPUTS_FILE
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        save_file({"samples": indices.contiguous(), "outputs": outputs.contiguous()}, temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise PlatformError(f"The outputs cannot be stored: {error}.") from error
    size = path.stat().st_size
    context.events.write("file", file=f"{FILES}/{OUTPUTS_FILE}", bytes=size)
    return {"file": OUTPUTS_FILE, "shape": list(outputs.shape), "bytes": size}


def tell_partial(
    context: RunContext, result: dict[str, Any], done: int, wanted: int, unit: str
) -> None:
    """Say beside scores that they are those of a part: a stop has cut the evaluation short.

    Parameters
    ----------
    context : RunContext
        The run.
    result : dict of str to object
        The result; changed in place.
    done : int
        Samples or episodes that were judged.
    wanted : int
        Those that were asked for.
    unit : str
        What is counted.
    """
    text = f"Stopped after {done:,} of {wanted:,} {unit}: the scores are of these alone."
    context.warn(text)
    result["partial"] = True
    result["warnings"] = [*result.get("warnings", ()), text]


def keep_best(context: RunContext, name: str, value: float | None, result: dict[str, Any]) -> None:
    """Ask for the weights to be the best of their tag, when a score is as the options wish.

    Parameters
    ----------
    name, value : str, float
        What is compared, None where it is no number: see `Evaluation.error`.
    result : dict
        Gets ``stored_best`` and ``compared`` where the options ask for it.
    """
    options = EvaluateOptions.model_validate(context.job.options)
    if options.store_if_smaller_than is None and options.store_if_larger_than is None:
        return
    known = None if value is None or not math.isfinite(value) else value
    result["compared"] = {"name": name, "value": known}
    result["stored_best"] = known is not None and _is_wanted(options, known)
    if not result["stored_best"]:
        return
    text = "The weights are kept as the best by these samples: others tell how good they are."
    result["warnings"] = [*result.get("warnings", ()), text]
    # Beside the scores of a validation it must be told what these were measured on.
    place = options.part if options.test_set is None else "evaluation"
    scores = {
        f"{place}_{key}": result[key] for key in _STORED if isinstance(result.get(key), float)
    }
    for item in context.job.networks:
        if item.weights is not None:
            context.events.write(
                "best", network=item.description.name, digest=item.weights, scores=scores
            )


def _is_wanted(options: EvaluateOptions, value: float) -> bool:
    below, above = options.store_if_smaller_than, options.store_if_larger_than
    return (below is not None and value < below) or (above is not None and value > above)
