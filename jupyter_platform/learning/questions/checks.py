"""Whether a network, a dataset and options go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_platform.core.datasets import DatasetDescriptor, DatasetFacts
from jupyter_platform.core.errors import FieldError, InvalidDataError, PlatformError
from jupyter_platform.core.evaluations import EVALUATIONS, default_evaluation
from jupyter_platform.core.networks import NetworkDescription, NetworkFacts
from jupyter_platform.core.options import OPTION_MODELS, EvaluateOptions, LearnOptions
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.core.options.learn import PASSING
from jupyter_platform.core.states import JobType
from jupyter_platform.core.strategies import STRATEGIES
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.data import check_index_set
from jupyter_platform.learning.data.adapters.chain import make_adapters
from jupyter_platform.learning.data.set_checks import SETS, missing_part, shared_samples
from jupyter_platform.learning.networks import network_facts, shape_text
from jupyter_platform.learning.questions.data_options import used_by_data
from jupyter_platform.learning.questions.trial_checks import MOST_PARAMETERS, try_networks
from jupyter_platform.learning.reinforcement.fitting import check_acting
from jupyter_platform.learning.reinforcement.trials import try_environment
from jupyter_platform.learning.sampling.samplers import batch_note, check_sampling
from jupyter_platform.learning.scoring.evaluations import evaluation_type
from jupyter_platform.learning.strategies import NetworkSignature, strategy_type
from jupyter_platform.learning.strategies.contract import signatures_of
from jupyter_platform.learning.strategies.roles import check_roles, misfits
from jupyter_platform.learning.training.network_modes import fixed_layers


@dataclass
class Check:
    """Findings of a check."""

    category: str | None = None
    errors: list[FieldError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    parameters: dict[str, int] = field(default_factory=dict)
    """Of each network that can be built, by name."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Samples in each set, by option."""
    used: dict[str, Any] = field(default_factory=dict)
    """Options whose value the data decide, with that value."""
    options: dict[str, Any] = field(default_factory=dict)
    """Options that follow from the networks, where their defaults would not do."""

    def to_dict(self) -> dict[str, Any]:
        """Return the wire form: every field by its name."""
        return {
            "category": self.category,
            "errors": [item.model_dump(mode="json") for item in self.errors],
            "warnings": self.warnings,
            "parameters": self.parameters,
            "sizes": self.sizes,
            "used": self.used,
            "options": self.options,
        }

    def blame(self, name: str, error: PlatformError) -> None:
        """Note an error, at the fields it names or else at `name`.

        Parameters
        ----------
        name : str
            Field that is blamed where the error names none.
        error : PlatformError
            What is wrong.
        """
        self.errors.extend(error.errors or [FieldError(field=name, message=error.message)])


def check(
    job_type: JobType,
    networks: list[NetworkDescription],
    dataset: DatasetDescriptor | None,
    facts: DatasetFacts | None,
    options: dict[str, Any],
    ranks: int = 1,
    code: Path | None = None,
) -> Check:
    """Check a submission as far as that goes without running it.

    Parameters
    ----------
    job_type : JobType
        LEARN, EVALUATE or ACT.
    networks : list of NetworkDescription
        The networks of the submission.
    dataset, facts : DatasetDescriptor and DatasetFacts, or None
        Its dataset.
    options : dict
        Resolved options.
    ranks : int
        Processes that share the work.
    code : Path, optional
        Source of an uploaded strategy.
    """
    result = Check()
    if dataset is None or facts is None:
        _check_without_dataset(result, job_type, networks, options, code)
        return result
    adapted = _adapted(result, job_type, facts, options)
    if adapted is None:
        return result
    facts = adapted
    result.warnings.extend(facts.warnings)
    signatures = _signatures(result, job_type, networks, facts, options, code)
    sizes = result.sizes = _check_sets(result, job_type, dataset.name, facts, options)
    result.used = used_by_data(job_type, facts, options)
    if job_type is JobType.LEARN:
        _check_learning(result, dataset.name, facts, sizes, options)
    elif "test_set" not in sizes and not result.errors:
        result.errors += missing_part(dataset.name, options.get("part", "test"), facts.parts).errors
    shared = "train_set" if job_type is JobType.LEARN else "test_set"
    _check_ranks(result, ranks, shared, sizes.get(shared))
    _check_networks(result, networks, signatures, facts, options)
    if job_type is JobType.LEARN and not result.errors:
        _try(result, networks, signatures, facts, options, sizes.get("train_set"))
    return result


def _try(result: Check, networks: Sequence[NetworkDescription], *given: Any) -> None:
    """Note what networks do that are run once; what is `given` is as of `try_networks`."""
    small = [item.name for item in networks if result.parameters[item.name] <= MOST_PARAMETERS]
    found = try_networks(networks, small, *given)
    result.errors += found.errors
    result.warnings += found.warnings
    result.options |= found.options
    result.used |= found.options


def _check_ranks(result: Check, ranks: int, name: str, size: int | None) -> None:
    """Refuse more processes than the set that they share has samples."""
    if size is not None and ranks > size:
        samples = format_count(size, "sample")
        message = f"target_count = {ranks} is more than the {samples} of {name}."
        accepted = f"1 to {size}"
        result.errors.append(
            FieldError(field="target_count", value=ranks, message=message, accepted=accepted)
        )


def _check_without_dataset(
    result: Check,
    job_type: JobType,
    networks: Sequence[NetworkDescription],
    options: dict[str, Any],
    code: Path | None,
) -> None:
    """Check what learns from acting, acts, or is judged by how it acts."""
    if not _check_environment(result, options.get("environment")):
        return
    if job_type is JobType.LEARN:
        signatures = _signatures(result, job_type, networks, None, options, code)
        _check_networks(result, networks, signatures, None, options)
        if not result.errors:
            _try(result, networks, signatures, None, options, None)
    elif job_type is JobType.ACT or options.get("strategy") == "reward":
        result.category = "RL"
        try:
            check_acting(networks, options)
        except PlatformError as error:
            result.blame("environment", error)
    else:
        result.errors.append(FieldError(field="dataset", message=f"{job_type} needs a dataset."))


def _check_environment(result: Check, name: str | None) -> bool:
    """Try an environment that is named; return False where it is refused, which is noted."""
    if not name:
        return True
    try:
        result.warnings.extend(try_environment(name))
    except PlatformError as error:
        result.category = "RL"
        result.blame("environment", error)
        return False
    return True


def _check_networks(
    result: Check,
    networks: Sequence[NetworkDescription],
    signatures: Sequence[NetworkSignature],
    facts: DatasetFacts | None,
    options: dict[str, Any],
) -> None:
    layers: list[tuple[str, list[str]]] = []
    for description, signature in zip(networks, signatures, strict=False):
        network = _check_network(result, description, signature, facts)
        found = None if network is None else [item.name for item in network.layers]
        layers += [] if found is None else [(description.name, found)]
    if options.get("fixed") and len(layers) == len(networks):
        try:
            fixed_layers(options["fixed"], layers)
        except PlatformError as error:
            result.blame("fixed", error)


def _adapted(
    result: Check, job_type: JobType, facts: DatasetFacts, options: dict[str, Any]
) -> DatasetFacts | None:
    """Return the facts of samples as networks get them; None where they cannot be changed so."""
    model = OPTION_MODELS[job_type].model_validate(options)
    if not isinstance(model, AdapterOptions):
        return facts
    try:
        return make_adapters(model, facts).shape(facts)
    except PlatformError as error:
        result.blame("dataset", error)
        return None


def _signatures(
    result: Check,
    job_type: JobType,
    networks: Sequence[NetworkDescription],
    facts: DatasetFacts | None,
    options: dict[str, Any],
    code: Path | None,
) -> tuple[NetworkSignature, ...]:
    """Return the place of each network; none where something is wrong, which is noted."""
    try:
        if job_type is JobType.EVALUATE and facts is not None:
            return _signatures_to_evaluate(result, networks, facts, options)
        model = LearnOptions.model_validate(options)
        kind = strategy_type(model.strategy, code)
        record = STRATEGIES.get(model.strategy)
        result.category = record.category if record is not None else "FF"
        check_roles(kind.roles, model.strategy, networks)
        kind.check_own_options(model)
        return signatures_of(kind, model, facts)
    except PlatformError as error:
        result.blame("strategy", error)
        return ()


def _signatures_to_evaluate(
    result: Check,
    networks: Sequence[NetworkDescription],
    facts: DatasetFacts,
    options: dict[str, Any],
) -> tuple[NetworkSignature, ...]:
    model = EvaluateOptions.model_validate(options)
    name = model.strategy or default_evaluation(facts, model.criterion)
    result.category = EVALUATIONS[name].category
    kind = evaluation_type(model, facts)
    check_roles(kind.roles, name, networks)
    return kind.signatures(model, facts)


def _check_sets(
    result: Check,
    job_type: JobType,
    name: str,
    facts: DatasetFacts,
    options: dict[str, Any],
) -> dict[str, int]:
    """Return the samples in each set that is given or has a part."""
    sizes: dict[str, int] = {}
    for option, default in SETS.get(job_type, {}).items():
        index_set = options.get(option)
        part = facts.parts.get(options.get("part") or default)
        if index_set is None:
            sizes |= {} if part is None else {option: part.size}
            continue
        try:
            sizes[option] = check_index_set(index_set, option, name, facts.size)
        except InvalidDataError as error:
            result.blame(option, error)
    return sizes


def _check_learning(
    result: Check,
    name: str,
    facts: DatasetFacts,
    sizes: dict[str, int],
    options: dict[str, Any],
) -> None:
    blamed = {item.field for item in result.errors}
    if "validation_set" not in sizes and "validation_set" not in blamed:
        result.warnings.append(
            f"Dataset {name!r} has no validation part and no validation_set is given: no best "
            "weights are kept."
        )
    size, model = sizes.get("train_set"), LearnOptions.model_validate(options)
    if size is None and "train_set" not in blamed:
        message = f"Dataset {name!r} has no training part; give train_set."
        result.errors.append(FieldError(field="train_set", message=message))
    if size is not None:
        note = batch_note(model, size) if model.strategy in PASSING else None
        result.warnings += [] if note is None else [note]
        try:
            check_sampling(model, size, facts)
        except PlatformError as error:
            result.blame("sampling", error)
    if options.get("sample_range") is None:
        _check_classes(result, name, facts)
    if not result.errors:
        result.warnings += shared_samples(facts, options)


def _check_classes(result: Check, name: str, facts: DatasetFacts) -> None:
    """Refuse a class that nothing can be learned about; in texts some characters may not occur."""
    counts = zip(facts.classes or (), facts.class_counts or (), strict=False)
    empty = [label for label, count in counts if not count]
    if not empty or facts.sequential:
        return
    more = f" and of {len(empty) - 1} more" if len(empty) > 1 else ""
    message = (
        f"Dataset {name!r} has no sample of class {empty[0]!r}{more}; add some, or name the "
        "classes to learn with labels."
    )
    result.errors.append(FieldError(field="dataset", value=name, message=message))


def _check_network(
    result: Check,
    description: NetworkDescription,
    signature: NetworkSignature,
    facts: DatasetFacts | None,
) -> NetworkFacts | None:
    """Note misfits of a network and its signature; return its layers where it can be built."""
    found = misfits(description, signature, facts)
    if found:
        result.errors.extend(found)
        return None
    try:
        network = network_facts(
            description,
            signature.input_shape,
            signature.outputs,
            signature.output_shape,
            integers=facts is not None and facts.input_type == "int64",
        )
    except PlatformError as error:
        result.blame("networks", error)
        return None
    result.parameters[description.name] = network.parameters
    if signature.output_shape is None:
        return network
    sole = facts if signature.role == "network" else None
    name, is_sole = description.name, sole is not None
    outputs = description.outputs or signature.outputs
    wanted = (
        [outputs] if is_sole and len(signature.output_shape) == 1 else list(signature.output_shape)
    )
    if network.output_shape != wanted:
        given = f"Network {name!r} gives shape {shape_text(network.output_shape or [])}"
        if sole is not None and signature.output_shape == (sole.outputs,):
            noun = "class" if sole.task == "classification" else "target"
            message = (
                f"{given} for a sample; the dataset wants {signature.outputs}, one number for each "
                f"{noun}."
            )
        else:
            reason = "with these options" if is_sole else f"as {signature.role}"
            message = f"{given}; {reason} it must give {shape_text(signature.output_shape)}."
        result.errors.append(FieldError(field="networks", value=name, message=message))
    elif is_sole and outputs > signature.outputs:
        result.warnings.append(
            f"Network {name!r} has {outputs} outputs, the dataset only {signature.outputs} classes."
        )
    return network
