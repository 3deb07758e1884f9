"""Findings about networks that are run once when a job is submitted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.networks.trials import layer_that_needs_several, trial_outputs
from jupyter_platform.learning.strategies import NetworkSignature
from jupyter_platform.learning.strategies.criteria import classify_outputs

MOST_PARAMETERS = 20_000_000
"""Up to which a network is built and tried before it is learned."""
_BY_CRITERION = ("feed_forward", "bptt")
"""Strategies whose `criterion` judges the outputs."""


@dataclass
class Trial:
    """What networks that were run once are blamed for, and what follows from them."""

    errors: list[FieldError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)


def try_networks(
    networks: Sequence[NetworkDescription],
    names: Collection[str],
    signatures: Sequence[NetworkSignature],
    facts: DatasetFacts | None,
    options: Mapping[str, Any],
    size: int | None,
) -> Trial:
    """Run the networks of a LEARN once.

    Parameters
    ----------
    networks : sequence of NetworkDescription
        In the order of their places.
    names : collection of str
        Those that are tried: large ones take too long.
    signatures : sequence of NetworkSignature
        What the strategy wants of each.
    facts : DatasetFacts, optional
        Of the samples as networks get them; None where experience is learned from.
    options : mapping
        Resolved options.
    size : int, optional
        Samples that are learned.
    """
    result = Trial()
    model = LearnOptions.model_validate(options)
    for description, signature in zip(networks, signatures, strict=True):
        if description.name not in names:
            continue
        refused = check_single_samples(description, signature, model, size)
        result.errors += [] if refused is None else [refused]
        if facts is None or signature.role != "network":
            continue
        criterion, refused, told = check_outputs(description, signature, facts, model)
        result.errors += [] if refused is None else [refused]
        result.warnings += [] if told is None else [told]
        if criterion is not None:
            result.options["criterion"] = criterion
    return result


def check_single_samples(
    description: NetworkDescription,
    signature: NetworkSignature,
    options: LearnOptions,
    size: int | None,
) -> FieldError | None:
    """Return why batches of one sample cannot be learned from; None where they can, or are larger.

    Parameters
    ----------
    options : LearnOptions
        Resolved options.
    size : int or None
        Samples that are learned; None: from experience.
    """
    batch_size = options.batch_size
    if not signature.is_learnt or (_smallest_batch(options) != 1 and size != 1):
        return None
    found = layer_that_needs_several(
        description,
        signature.input_shape,
        signature.outputs,
        signature.output_shape,
        fixed=[text.rpartition("/")[2] for text in options.fixed or ()],
    )
    if found is None:
        return None
    layer, kind = found
    blamed, accepted = (
        ("train_set", "2 samples or more") if size == 1 else ("batch_size", "2 or more")
    )
    why = f"batch_size = {batch_size}" if size != 1 else "A train_set of 1 sample"
    if batch_size != 1 and size != 1:
        why += ", which leaves a batch of one action of each round,"
        accepted = "one that divides rollout_length x parallel_environments"
    message = (
        f"{why} does not go with layer {layer!r} ({kind}) of network {description.name!r}, which "
        f"normalises each channel over the batch: one sample alone has no variance. Give "
        f"{accepted}, or use GroupNorm or LayerNorm there."
    )
    return FieldError(field=blamed, value=batch_size, message=message, accepted=accepted)


def _smallest_batch(options: LearnOptions) -> int:
    """Return the samples of the smallest batch; only rounds of PPO are cut into unequal ones."""
    if options.strategy != "ppo":
        return options.batch_size
    count = options.rollout_length * options.parallel_environments
    return count // -(-count // options.batch_size)


def check_outputs(
    description: NetworkDescription,
    signature: NetworkSignature,
    facts: DatasetFacts,
    options: LearnOptions,
) -> tuple[str | None, FieldError | None, str | None]:
    """Hold what a network gives against the criterion that judges it.

    Parameters
    ----------
    facts : DatasetFacts
        Of the samples as the network gets them.
    options : LearnOptions
        Resolved options.

    Returns
    -------
    criterion : str or None
        The one to take instead of the default.
    refusal : FieldError or None
        Why the one that was asked for cannot be.
    sentence : str or None
        What the person is told of it.
    """
    nothing = (None, None, None)
    if options.strategy not in _BY_CRITERION or signature.output_shape is None:
        return nothing
    asked, classes = options.criterion, facts.task == "classification"
    if classes and facts.target_shape:
        return nothing
    if asked not in ((None, "NLL", "CE", "BCE") if classes else ("BCE",)):
        return nothing
    outputs = trial_outputs(
        description,
        signature.input_shape,
        signature.outputs,
        signature.output_shape,
        integers=facts.input_type == "int64",
    )
    if outputs is None:
        return nothing
    name, within = description.name, bool(((outputs >= 0) & (outputs <= 1)).all())
    if asked == "BCE":
        wrong = f"Network {name!r} gives numbers beyond 0 to 1, which BCE takes for probabilities"
        way = "use criterion = BCE_LOGITS, or end the network with Sigmoid"
        return nothing if within else (None, _refusal(asked, wrong, way, "BCE_LOGITS"), None)
    kind = classify_outputs(outputs.reshape(-1, outputs.shape[-1]))
    if asked == "CE":
        told = (
            f"Network {name!r} gives probabilities already; CE takes their softmax once more, "
            "which learns slowly: criterion = NLL is meant for them."
        )
        return (None, None, told if kind == "probabilities" else None)
    if kind != "scores":
        return nothing
    if within:
        wrong = (
            f"Network {name!r} gives numbers from 0 to 1 that do not add up to 1, as Sigmoid does; "
            "NLL takes probabilities or their logarithms"
        )
        way = "use criterion = BCE, or end the network with LogSoftmax"
        return (None, _refusal(asked, wrong, way, "BCE"), None)
    if asked == "NLL":
        wrong = (
            f"Network {name!r} gives raw scores (logits), neither probabilities nor their "
            "logarithms, which NLL takes"
        )
        way = "use criterion = CE, or end the network with LogSoftmax"
        return (None, _refusal(asked, wrong, way, "CE"), None)
    told = (
        f"Network {name!r} gives raw scores (logits): criterion = CE is taken for them, in place "
        "of the default NLL."
    )
    return ("CE", None, told)


def _refusal(value: str | None, wrong: str, way: str, accepted: str) -> FieldError:
    message = f"{wrong}: {way}."
    return FieldError(field="criterion", value=value, message=message, accepted=accepted)
