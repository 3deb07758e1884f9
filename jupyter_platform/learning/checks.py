"""Whether a network, a dataset and options go together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jupyter_platform.core.datasets import DatasetDescriptor, DatasetFacts, Split
from jupyter_platform.core.errors import FieldError, InvalidDataError, OptionError, PlatformError
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.datasets import check_index_set
from jupyter_platform.learning.networks import network_facts, shape_text
from jupyter_platform.learning.strategies.criteria import choose_criterion


@dataclass
class Check:
    """What was found."""

    category: str | None = None
    errors: list[FieldError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the wire form ``{"category", "errors", "warnings"}``."""
        return {
            "category": self.category,
            "errors": [item.model_dump(mode="json") for item in self.errors],
            "warnings": self.warnings,
        }

    def blame(self, name: str, error: PlatformError) -> None:
        """Note an error, at the fields it names or else at `name`."""
        self.errors.extend(error.errors or [FieldError(field=name, message=error.message)])


def dataset_misfits(description: NetworkDescription, facts: DatasetFacts) -> list[FieldError]:
    """Return what keeps a network and a dataset apart; needs no built network."""
    name = description.name
    found: list[str] = []
    if description.task is not None and description.task != facts.task:
        found.append(
            f"Network {name!r} is for {description.task}; the dataset is for {facts.task}."
        )
    if description.input_shape is not None and list(description.input_shape) != facts.shape:
        found.append(
            f"Network {name!r} takes samples of shape {shape_text(description.input_shape)}; those "
            f"of the dataset have shape {shape_text(facts.shape)}."
        )
    wanted = description.outputs
    if wanted is not None and wanted != facts.outputs:
        noun = "classes" if facts.task == "classification" else "targets"
        if facts.task == "regression" or wanted < facts.outputs:
            found.append(
                f"Network {name!r} has {wanted} outputs; the dataset has {facts.outputs} {noun}."
            )
    return [FieldError(field="networks", value=name, message=message) for message in found]


def check_dataset_fits(description: NetworkDescription, facts: DatasetFacts) -> None:
    """Refuse a network and a dataset that do not go together.

    Raises
    ------
    InvalidDataError
        Naming what each of them has.
    """
    errors = dataset_misfits(description, facts)
    if errors:
        raise InvalidDataError(" ".join(item.message for item in errors), errors=errors)


def check(
    job_type: JobType,
    networks: list[NetworkDescription],
    dataset: DatasetDescriptor | None,
    facts: DatasetFacts | None,
    options: dict[str, Any],
) -> Check:
    """Check a submission as far as that goes without running it.

    Parameters
    ----------
    job_type : JobType
        LEARN or EVALUATE.
    networks : list of NetworkDescription
        The networks of the submission.
    dataset, facts : DatasetDescriptor and DatasetFacts, or None
        Its dataset.
    options : dict
        Resolved options.
    """
    result = Check()
    if len(networks) != 1:
        message = f"{job_type} works on one network; {len(networks)} are given."
        result.errors.append(FieldError(field="networks", value=len(networks), message=message))
    if dataset is None or facts is None:
        result.errors.append(FieldError(field="dataset", message=f"{job_type} needs a dataset."))
        return result
    result.category = _category(job_type, facts)
    try:
        choose_criterion(options.get("criterion"), facts.task)
    except OptionError as error:
        result.blame("criterion", error)
    sizes = _check_sets(result, job_type, dataset.name, facts, options)
    if job_type is JobType.LEARN:
        _check_learning(result, dataset.name, sizes, options)
    elif "test_set" not in sizes and not result.errors:
        message = f"Dataset {dataset.name!r} has no test split; give test_set."
        result.errors.append(FieldError(field="test_set", message=message))
    for description in networks:
        _check_network(result, description, facts)
    return result


def _category(job_type: JobType, facts: DatasetFacts) -> str:
    if job_type is JobType.LEARN:
        return "FF"
    return "CLASSIFICATION" if facts.task == "classification" else "CRITERION"


_SETS: dict[JobType, dict[str, tuple[Split, ...]]] = {
    JobType.LEARN: {
        "train_set": ("train",),
        "validation_set": ("validation",),
        "test_set": ("test",),
    },
    JobType.EVALUATE: {"test_set": ("test", "validation")},
}
"""The sets that each type reads, and the splits that stand in for them in this order."""


def _check_sets(
    result: Check,
    job_type: JobType,
    name: str,
    facts: DatasetFacts,
    options: dict[str, Any],
) -> dict[str, int]:
    """Return the samples in each set that is given or has a split."""
    sizes: dict[str, int] = {}
    for option, splits in _SETS.get(job_type, {}).items():
        default = next((facts.splits[split] for split in splits if split in facts.splits), None)
        index_set = options.get(option) or default
        if index_set is None:
            continue
        try:
            sizes[option] = check_index_set(index_set, option, name, facts.size)
        except InvalidDataError as error:
            result.blame(option, error)
    return sizes


def _check_learning(
    result: Check, name: str, sizes: dict[str, int], options: dict[str, Any]
) -> None:
    blamed = {item.field for item in result.errors}
    if "validation_set" not in sizes and "validation_set" not in blamed:
        result.warnings.append(
            f"Dataset {name!r} has no validation split and no validation_set is given: no best "
            "weights are kept."
        )
    size, batch_size = sizes.get("train_set"), options.get("batch_size") or 0
    if size is None and "train_set" not in blamed:
        message = f"Dataset {name!r} has no training split; give train_set."
        result.errors.append(FieldError(field="train_set", message=message))
    elif size is not None and size < batch_size:
        result.warnings.append(
            f"batch_size is {batch_size}, but train_set has {size} samples; each batch is the "
            "whole set."
        )


def _check_network(result: Check, description: NetworkDescription, facts: DatasetFacts) -> None:
    misfits = dataset_misfits(description, facts)
    if misfits:
        result.errors.extend(misfits)
        return
    try:
        network = network_facts(description, facts.shape, facts.outputs)
    except PlatformError as error:
        result.blame("networks", error)
        return
    wanted = description.outputs or facts.outputs
    if network.output_shape != [wanted]:
        noun = "class" if facts.task == "classification" else "target"
        message = (
            f"Network {description.name!r} gives shape {shape_text(network.output_shape or [])} "
            f"for a sample; the dataset wants {facts.outputs}, one number for each {noun}."
        )
        result.errors.append(FieldError(field="networks", value=description.name, message=message))
    elif wanted > facts.outputs:
        result.warnings.append(
            f"Network {description.name!r} has {wanted} outputs, the dataset only {facts.outputs} "
            "classes."
        )
