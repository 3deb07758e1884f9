"""From what a person sent to the row of a job, or to a sentence that says what is wrong."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from jupyter_platform.coordinator.hosts.inspection import Inspect
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.jobs.kinds.base import Kind, KindTools
from jupyter_platform.coordinator.jobs.resolution.host_choice import choose_hosts
from jupyter_platform.coordinator.jobs.resolution.resolved import Resolved, dumped
from jupyter_platform.coordinator.jobs.resolution.sources import DataSource, DataSources
from jupyter_platform.coordinator.jobs.resolution.starting_weights import StartingWeights
from jupyter_platform.coordinator.jobs.submission import fields
from jupyter_platform.coordinator.jobs.submission.memory_check import check_memory
from jupyter_platform.coordinator.jobs.submission.options import choose_options, used_options
from jupyter_platform.coordinator.jobs.submission.refusals import raise_refusals
from jupyter_platform.coordinator.reading.reader import Reader
from jupyter_platform.coordinator.repository import (
    Facts,
    NetworkRepository,
    StrategyRepository,
    TagRepository,
)
from jupyter_platform.coordinator.workloads.planning import PlanningPolicy, sentence
from jupyter_platform.coordinator.workloads.planning.fleet import Fleet
from jupyter_platform.coordinator.workloads.planning.reasons import impossible
from jupyter_platform.core.errors import (
    FieldError,
    InvalidDataError,
    NoAnswerError,
    PlatformError,
    UnavailableError,
    no_answer,
)
from jupyter_platform.core.jobs import JobSubmission
from jupyter_platform.core.kinds import kinds, load
from jupyter_platform.core.settings import JobSettings
from jupyter_platform.core.states import JobType
from jupyter_platform.runtime.blobs import BlobStore

CHECK_WITHIN_S = 15.0
"""Seconds that a submission waits for the inspector before it is accepted unchecked."""


class Submissions:
    """Checks submissions against what there is."""

    def __init__(
        self,
        *,
        networks: NetworkRepository,
        sources: DataSources,
        strategies: StrategyRepository,
        tags: TagRepository,
        facts: Facts,
        hosts: HostRegistry,
        blobs: BlobStore,
        reader: Reader,
        inspect: Inspect,
        settings: JobSettings,
    ) -> None:
        self._networks, self._sources = networks, sources
        tools = KindTools(
            networks, sources, strategies, StartingWeights(tags, sources), hosts, blobs, reader
        )
        self._kinds: dict[str, Kind] = {
            name: load(record.submission)(record, tools) for name, record in kinds().items()
        }
        self._facts = facts
        self._hosts = hosts
        self._inspect = inspect
        self.retries = settings.retries

    async def resolve(self, submission: JobSubmission) -> Resolved:
        """Check a submission and fill in what was not given.

        Raises
        ------
        InvalidRequestError
            Naming the field, its value and what is accepted.
        """
        kind = self._kinds[fields.job_type(submission.type)]
        submission = await kind.prepare(fields.move_dianne_keys(submission))
        await self._networks.refresh()
        await self._sources.refresh()
        networks = kind.networks(submission)
        source = await self._sources.pinned(kind.source(submission))
        defaults = {**(networks[0].defaults if networks else {}), **source.defaults}
        offers = self._hosts.offers()
        choice, ranks = choose_hosts(submission, offers)
        job_type = JobType(kind.record.name)
        chosen = choose_options(job_type, submission, defaults, ranks)
        options = chosen.options
        source = kind.check(options, source)
        choice = kind.place(options, source, choice)
        kind.check_ranks(options, ranks)
        has_gpus = any(offer.gpus for offer in offers)
        given_name = None if submission.name is None else fields.plain_name(submission.name)
        resolved = Resolved(
            type=job_type,
            name=given_name or kind.name(networks, source, options),
            networks=networks,
            source=source,
            options=options,
            given=chosen.given,
            dianne_defaults=chosen.dianne_defaults,
            warnings=[*submission.notes, *chosen.notes],
            request=fields.resources(job_type, submission.request, has_gpus),
            priority=submission.priority,
            target_count=ranks,
            choice=choice,
        )
        await kind.complete(resolved)
        if kind.inspected:
            await self._check(kind, resolved)
        self._warn_of_the_impossible(resolved)
        return resolved

    async def _check(self, kind: Kind, resolved: Resolved) -> None:
        request: dict[str, Any] = {
            "networks": [item.model_dump(mode="json") for item in resolved.networks],
            "dataset": dumped(resolved.source.dataset),
            "files": {},
            "type": resolved.type.value,
            "options": resolved.options.checked(),
        }
        if resolved.code is not None:
            request["code"] = resolved.code
        if resolved.target_count > 1:
            request["ranks"] = resolved.target_count
        try:
            is_code = kind.runs_foreign_code(resolved.options)
            answer = await self._ask(request, resolved.source, is_code=is_code)
        except NoAnswerError as error:
            made = next((item.name for item in resolved.networks if item.is_code), None)
            if made is None and resolved.code is None:
                resolved.warnings.append(f"not checked: {error.message}")
                return
            field = "strategy" if made is None else "networks"
            raise no_answer(field, made or str(resolved.given.get(field)), error) from error
        except UnavailableError as error:
            resolved.warnings.append(f"not checked: {error.message}")
            return
        raise_refusals(answer, kind.strategies, resolved.networks, resolved.given)
        resolved.category = answer.get("category")
        resolved.options = resolved.options.model_copy(update=answer.get("options") or {})
        resolved.warnings += [str(text) for text in answer.get("warnings") or ()]
        resolved.used = used_options(resolved.options, answer, resolved.target_count)
        known, offers = answer.get("parameters") or {}, self._hosts.offers()
        resolved.warnings += check_memory(known, resolved.options, resolved.request, offers)

    async def _ask(
        self, request: dict[str, Any], source: DataSource, *, is_code: bool
    ) -> dict[str, Any]:
        is_code = is_code and "code" not in request
        is_code = is_code or any(item["entry_point"] for item in request["networks"])
        if is_code or request["options"].get("environment"):
            # Code may change without its description: the answer is not kept.
            request["facts"] = await self._dataset_facts(source)
            return await self._inspect({"op": "check", **request}, CHECK_WITHIN_S)
        text = json.dumps(request, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        known = await self._facts.cached("check", [digest])
        if digest in known:
            return known[digest]
        # They follow from what the digest is of, and spare the inspector a look at the data.
        request["facts"] = await self._dataset_facts(source)
        return await self._facts.ask("check", digest, request, CHECK_WITHIN_S)

    async def _dataset_facts(self, source: DataSource) -> dict[str, Any] | None:
        """Return the facts of the dataset; what is wrong with its data is blamed on the field."""
        try:
            return await self._sources.facts(source)
        except UnavailableError:
            raise
        except PlatformError as error:
            field = FieldError(field="dataset", value=source.name, message=error.message)
            raise InvalidDataError(error.message, errors=error.errors or [field]) from error

    def make_pool(self, resolved: Resolved) -> None:
        """Make the pool of an ACT that is about to be stored."""
        self._kinds[resolved.type].make(resolved)

    def delete_pool(self, name: str) -> None:
        """Remove a pool that nobody uses."""
        self._sources.delete_pool(name)

    def _warn_of_the_impossible(self, resolved: Resolved) -> None:
        offers = [replace(offer, up=True) for offer in self._hosts.offers()]
        reason = impossible(resolved.shape, Fleet(offers, PlanningPolicy())) if offers else None
        if reason is not None:
            text = sentence(reason, 0.0)
            resolved.warnings.append(f"{text}; it waits until a host that can run it joins")
