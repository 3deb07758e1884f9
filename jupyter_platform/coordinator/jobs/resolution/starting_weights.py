"""The weights that a job starts from or judges, and the tag that its own are kept under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from jupyter_platform.coordinator.jobs.resolution.resolved import Resolved
from jupyter_platform.coordinator.jobs.resolution.sources import DataSources
from jupyter_platform.coordinator.repository import ResolvedTag, TagRepository
from jupyter_platform.coordinator.repository.networks.description_check import check_description
from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import (
    InvalidRequestError,
    NotFoundError,
    PlatformError,
    refusal,
)
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.options import EvaluateOptions, LearnOptions
from jupyter_platform.core.preparations import ADAPTERS, adapters_of, as_learnt
from jupyter_platform.core.strategies import STRATEGIES

_SAMPLES = frozenset({"test_set", "part"})
"""Options of an EVALUATE that say by which samples it judges."""


class StartingWeights:
    """Finds the weights of the networks that a submission names."""

    def __init__(self, tags: TagRepository, sources: DataSources) -> None:
        self._tags = tags
        self._sources = sources

    async def to_learn_from(self, resolved: Resolved, options: LearnOptions) -> None:
        """Fill in the tag of a LEARN and the digests of the weights that it starts from.

        Parameters
        ----------
        resolved : Resolved
            The submission as far as it is resolved; changed in place.
        options : LearnOptions
            Options of the LEARN.

        Raises
        ------
        InvalidRequestError
            If a tag is not known.
        ConflictError
            If the weights belong to an earlier description of their network.
        """
        resolved.tag = options.tag
        learnt = await self._find_teachers(resolved, options)
        if resolved.tag is not None:
            await self._tags.refuse_own([item.name for item in learnt], resolved.tag)
        if options.init_tag is not None:
            await self._begin_with(resolved, learnt, options.init_tag)
            return
        if resolved.tag is None or options.clean:
            return
        for network in learnt:
            await self._start_from(resolved, network, resolved.tag)

    async def to_judge(self, resolved: Resolved, options: EvaluateOptions) -> None:
        """Fill in the weights that an EVALUATE judges; errors as of `to_learn_from`.

        Parameters
        ----------
        resolved : Resolved
            The submission as far as it is resolved; changed in place.
        options : EvaluateOptions
            Options of the EVALUATE.
        """
        found = await self._find_weights(resolved, options.tag)
        await self._read_as_learnt(resolved, options, found)
        options = cast("EvaluateOptions", resolved.options)
        await self._judge_by_what_was_set_aside(resolved, options, found)

    async def _find_teachers(
        self, resolved: Resolved, options: LearnOptions
    ) -> list[NetworkDescription]:
        """Take the weights of networks that only teach; return the others, which learn."""
        record = STRATEGIES.get(options.strategy)
        if record is None or len(record.roles) != len(resolved.networks):
            return resolved.networks
        places = list(zip(record.roles, resolved.networks, strict=True))
        learnt = [network for role, network in places if role not in record.taught_by]
        for role, network in places:
            if role not in record.taught_by:
                continue
            if network in learnt:
                message = (
                    f"Network {network.name!r} cannot be its own {role}; copy it under another "
                    "name."
                )
                raise refusal("networks", network.name, message, "two networks")
            try:
                found = await self._tags.resolve(network.name, options.teacher_tag)
            except NotFoundError as error:
                fields = [item.model_copy(update={"field": "teacher_tag"}) for item in error.errors]
                raise InvalidRequestError(error.message, errors=fields) from error
            check_description(network, found.record, "learn the network again first")
            resolved.weights[network.name] = found.variant.digest
        return learnt

    async def _read_as_learnt(
        self, resolved: Resolved, options: EvaluateOptions, found: Sequence[ResolvedTag]
    ) -> None:
        """Prepare samples as the first weights learnt theirs, where nobody says otherwise."""
        dataset = resolved.source.dataset
        if not found or dataset is None:
            return
        learnt = await self._tags.preparation(found[0])
        if learnt is None:
            return
        changes = {
            name: learnt.adapters.get(name)
            for name in ADAPTERS
            if name not in resolved.given
            and learnt.adapters.get(name) != adapters_of(options.model_dump()).get(name)
        }
        if changes:
            model = type(options)
            unset = {name: model.model_fields[name].default for name in changes}
            wanted = {name: unset[name] if was is None else was for name, was in changes.items()}
            checked = model.model_validate({**options.model_dump(exclude_unset=True), **wanted})
            resolved.options = options.model_copy(
                update={name: getattr(checked, name) for name in changes}
            )
            shown = ", ".join(f"{name} = {_shown(getattr(checked, name))}" for name in changes)
            resolved.warnings.append(f"{shown}: as the weights have learnt their samples.")
        facts = await self._known_facts(resolved)
        changed = options.labels or options.autoencode or options.mask_to_class
        read = as_learnt(dataset, learnt, facts, by_class=not changed)
        resolved.source = replace(resolved.source, dataset=read)

    async def _known_facts(self, resolved: Resolved) -> DatasetFacts | None:
        try:
            facts = await self._sources.facts(resolved.source)
        except PlatformError:
            return None  # the check says what is wrong with the data, or that they are being read
        return None if facts is None else DatasetFacts.model_validate(facts)

    async def _judge_by_what_was_set_aside(
        self, resolved: Resolved, options: EvaluateOptions, found: Sequence[ResolvedTag]
    ) -> None:
        """Take the `test_set` of the job that made the weights, where nobody says another."""
        if not found or resolved.source.name is None or _SAMPLES & resolved.given.keys():
            return
        record, variant = found[0].record, found[0].variant
        if variant.job not in (None, record.job):
            record = await self._tags.find(record.network, str(variant.job)) or record
        learned = record.origin.options
        test_set = learned.get("test_set")
        if not test_set or record.dataset != resolved.source.name:
            return
        if list(learned.get("sample_range") or ()) != list(options.sample_range or ()):
            resolved.warnings.append(
                "sample_range is another than when the weights were learned: what test_set set "
                "aside then is not known here."
            )
            return
        numbers = tuple(int(item) for item in test_set)
        resolved.options = options.model_copy(update={"test_set": numbers})
        shown = ":".join(map(str, numbers)) if len(numbers) == 2 else f"{len(numbers)} samples"
        resolved.warnings.append(
            f"test_set = {shown}, as the job that learned the weights set them aside."
        )

    async def _find_weights(self, resolved: Resolved, tag: str | None) -> list[ResolvedTag]:
        """Take the weights that an EVALUATE asks for; all networks take those of one tag."""
        taken: list[ResolvedTag] = []
        for network in resolved.networks:
            try:
                found = await self._tags.resolve(network.name, tag)
            except NotFoundError as error:
                raise InvalidRequestError(error.message, errors=error.errors) from error
            check_description(network, found.record, "learn the network again first")
            resolved.tag = resolved.tag or found.text
            resolved.weights[network.name] = found.variant.digest
            taken.append(found)
            # Networks that learnt together share a tag: the newest of the first is that of all.
            tag = tag or found.record.tag
        return taken

    async def to_act_with(self, resolved: Resolved, tag: str | None) -> None:
        """Take the weights that an ACT asks for, or leave them to its learner.

        Parameters
        ----------
        resolved : Resolved
            The submission as far as it is resolved; changed in place.
        tag : str or None
            ``<tag>[/<variant>]`` that was asked for; None: as its learner publishes them.
        """
        try:
            await self._find_weights(resolved, tag)
        except InvalidRequestError:
            if tag is not None and resolved.source.pool is None:
                raise
            resolved.tag = tag
            resolved.warnings.append(
                f"Network {resolved.networks[0].name!r} has no such weights yet: it acts with "
                "fresh ones until a learner gives it others."
            )

    async def _begin_with(
        self, resolved: Resolved, networks: Sequence[NetworkDescription], tag: str
    ) -> None:
        """Take the weights that a LEARN starts from; it keeps its own under another tag."""
        for network in networks:
            try:
                found = await self._tags.resolve(network.name, tag)
            except NotFoundError as error:
                fields = [item.model_copy(update={"field": "init_tag"}) for item in error.errors]
                raise InvalidRequestError(error.message, errors=fields) from error
            check_description(network, found.record, "start from other weights")
            resolved.weights[network.name] = found.variant.digest

    async def _start_from(self, resolved: Resolved, network: NetworkDescription, tag: str) -> None:
        record = await self._tags.find(network.name, tag)
        if record is None:
            return
        last = {item.variant: item for item in record.variants}.get("last")
        if last is not None:
            check_description(network, record, "set clean=true to start afresh")
            resolved.weights[network.name] = last.digest


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
