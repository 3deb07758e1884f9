"""From what a person sent to the row of a job, or to a sentence that says what is wrong."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from jupyter_platform.coordinator.host_choice import (
    HostChoice,
    check_gang,
    choose_hosts,
    keep_at_home,
)
from jupyter_platform.coordinator.hosts import HostRegistry
from jupyter_platform.coordinator.memory_check import check_memory
from jupyter_platform.coordinator.planning import Policy, Shape, sentence
from jupyter_platform.coordinator.planning.reasons import impossible
from jupyter_platform.coordinator.refusals import raise_refusals
from jupyter_platform.coordinator.repository import (
    Facts,
    NetworkRepository,
    StrategyRepository,
    TagRepository,
)
from jupyter_platform.coordinator.sources import Source, Sources
from jupyter_platform.coordinator.store.tables import JobRow
from jupyter_platform.core.catalogue import TagRecord
from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import (
    ConflictError,
    FieldError,
    InvalidDataError,
    InvalidRequestError,
    NotFoundError,
    OptionError,
    PlatformError,
    UnavailableError,
    nearest,
    shortened,
    unknown_name,
)
from jupyter_platform.core.jobs import MAX_NAME_LENGTH, JobSubmission, ResourceRequest
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.options import (
    OPTION_MODELS,
    ActOptions,
    EvaluateOptions,
    LearnOptions,
    OptionModel,
    resolve_options,
)
from jupyter_platform.core.options.dianne import SUBMISSION_KEYS
from jupyter_platform.core.settings import JobSettings
from jupyter_platform.core.states import JobState, JobType
from jupyter_platform.core.strategies import STRATEGIES
from jupyter_platform.core.units import parse_bytes

CHECK_WITHIN_S = 15.0
"""Seconds that a submission waits for the inspector before it is accepted unchecked."""
MOST_NETWORKS = 16
"""Networks that one job may name."""


@dataclass
class Resolved:
    """A submission that can become a job."""

    type: JobType
    name: str
    networks: list[NetworkDescription]
    source: Source
    options: OptionModel
    given: dict[str, Any]
    request: ResourceRequest
    priority: int
    target_count: int
    choice: HostChoice = field(default_factory=HostChoice)
    warnings: list[str] = field(default_factory=list)
    category: str | None = None
    tag: str | None = None
    """None: the job's own id."""
    weights: dict[str, str] = field(default_factory=dict)
    """Network to the digest of the weights that it starts from."""
    code: str | None = None
    """``sha256:<hex>`` of the source of an uploaded strategy."""

    @property
    def shape(self) -> Shape:
        """What the planner sees of it."""
        return self.choice.shape(self.type, self.request, self.target_count)

    def row(self, job: str, owner: str, retries: int, key: str | None) -> JobRow:
        """Return the row of the job, queued."""
        tag = self.tag or job
        names = [item.name for item in self.networks]
        words = [job, self.name, self.type.value, *names, self.source.name or "", tag, owner]
        return JobRow(
            id=job,
            idempotency_key=key,
            name=self.name,
            type=self.type.value,
            category=self.category,
            owner=owner,
            state=JobState.QUEUED.value,
            networks=names,
            dataset=self.source.name,
            options=self.options.applicable(),
            given=self.given,
            tag=tag,
            cpus=self.request.cpus,
            memory=self.request.memory,
            gpus=self.request.gpus,
            priority=self.priority,
            target_count=self.target_count,
            placement=self.choice.column(),
            retries_left=retries,
            warnings=self.warnings,
            spec=self._frozen(),
            search=" ".join([*words, self.category or ""]).lower(),
        )

    def _frozen(self) -> dict[str, Any]:
        frozen: dict[str, Any] = {
            "networks": [
                {
                    "description": item.model_dump(mode="json"),
                    "weights": f"sha256:{digest}"
                    if (digest := self.weights.get(item.name))
                    else None,
                }
                for item in self.networks
            ],
            "dataset": _dumped(self.source.dataset),
            "pool": self.source.pool_folder,
            "code": self.code,
        }
        if self.type == JobType.LEARN:
            frozen["digests"] = {item.name: item.digest for item in self.networks}
        return frozen


class Submissions:
    """Checks submissions against what there is."""

    def __init__(
        self,
        *,
        networks: NetworkRepository,
        sources: Sources,
        strategies: StrategyRepository,
        tags: TagRepository,
        facts: Facts,
        hosts: HostRegistry,
        settings: JobSettings,
    ) -> None:
        self._networks = networks
        self._sources = sources
        self._strategies = strategies
        self._tags = tags
        self._facts = facts
        self._hosts = hosts
        self.retries = settings.retries

    async def resolve(self, submission: JobSubmission) -> Resolved:
        """Check a submission and fill in what was not given.

        Raises
        ------
        InvalidRequestError
            Naming the field, its value and what is accepted.
        """
        job_type = _job_type(submission.type)
        submission = _move_dianne_keys(submission)
        networks = self._find_networks(submission.networks)
        source = self._sources.find(job_type, submission.dataset, submission.options)
        defaults = {**networks[0].defaults, **source.defaults}
        options, given = resolve_options(job_type, submission.options, defaults)
        source = self._sources.with_pool(options, source)
        self._sources.check(options, source)
        choice, ranks = choose_hosts(submission, self._hosts.offers())
        if source.pool_folder is not None:
            choice = keep_at_home(choice, self._hosts.offers())
        check_gang(options, ranks)
        resolved = Resolved(
            type=job_type,
            name=_name(submission, networks, source, options),
            networks=networks,
            source=source,
            options=options,
            given=given,
            request=self._request(job_type, submission.request),
            priority=submission.priority,
            target_count=ranks,
            choice=choice,
        )
        await self._resolve_tag(resolved)
        if isinstance(options, LearnOptions):
            resolved.code = await self._strategies.code(options.strategy)
        await self._check(resolved)
        self._warn_of_the_impossible(resolved)
        return resolved

    def _find_networks(self, names: Sequence[str]) -> list[NetworkDescription]:
        if not names:
            raise _bad_field("networks", [], "No network is given; name one.", "a network's name")
        if len(names) > MOST_NETWORKS:
            message = f"{len(names):,} networks are given; at most {MOST_NETWORKS} are accepted."
            accepted = f"1 to {MOST_NETWORKS} names"
            raise _bad_field("networks", len(names), message, accepted)
        found = []
        for name in names:
            description = self._networks.find(name)
            if description is None:
                error = unknown_name("network", name, self._networks.names())
                raise InvalidRequestError(error.message, errors=[error])
            found.append(description)
        return found

    def _request(self, job_type: JobType, given: dict[str, Any]) -> ResourceRequest:
        known = list(ResourceRequest.model_fields)
        for key in given:
            if key not in known:
                raise _unknown_resource(key, given[key], known)
        values = {key: value for key, value in given.items() if value not in (None, "")}
        has_gpus = any(offer.gpus for offer in self._hosts.offers())
        values.setdefault("gpus", 1 if job_type == JobType.LEARN and has_gpus else 0)
        if "memory" in values:
            try:
                values["memory"] = parse_bytes(values["memory"])
            except (ValueError, AttributeError, OverflowError) as error:
                shown = shortened(repr(values["memory"]))
                message = f"request.memory = {shown} is not accepted: {error}."
                raise _bad_field(
                    "request.memory", values["memory"], message, "a size like '4GB'"
                ) from error
        try:
            return ResourceRequest.model_validate(values)
        except ValidationError as error:
            item = error.errors()[0]
            field_name = f"request.{item['loc'][0]}"
            told = item["msg"][0].lower() + item["msg"][1:]
            shown = shortened(repr(item["input"]))
            message = f"{field_name} = {shown} is not accepted: {told}."
            raise _bad_field(field_name, item["input"], message, told) from error

    async def _resolve_tag(self, resolved: Resolved) -> None:
        if isinstance(resolved.options, LearnOptions):
            resolved.tag = resolved.options.tag
            learnt = await self._find_teachers(resolved, resolved.options)
            if resolved.options.init_tag is not None:
                await self._begin_with(resolved, learnt, resolved.options.init_tag)
                return
            if resolved.tag is None or resolved.options.clean:
                return
            for network in learnt:
                await self._start_from(resolved, network, resolved.tag)
        elif isinstance(resolved.options, EvaluateOptions):
            await self._find_weights(resolved, resolved.options.tag)
        elif isinstance(resolved.options, ActOptions):
            await self._find_weights_to_act(resolved, resolved.options.tag)

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
                raise _bad_field("networks", network.name, message, "two networks")
            try:
                found = await self._tags.resolve(network.name, options.teacher_tag)
            except NotFoundError as error:
                fields = [item.model_copy(update={"field": "teacher_tag"}) for item in error.errors]
                raise InvalidRequestError(error.message, errors=fields) from error
            _check_description(network, found.record, "learn the network again first")
            resolved.weights[network.name] = found.variant.digest
        return learnt

    async def _find_weights(self, resolved: Resolved, tag: str | None) -> None:
        """Take the weights that an EVALUATE asks for; all networks take those of one tag."""
        for network in resolved.networks:
            try:
                found = await self._tags.resolve(network.name, tag)
            except NotFoundError as error:
                raise InvalidRequestError(error.message, errors=error.errors) from error
            _check_description(network, found.record, "learn the network again first")
            resolved.tag = resolved.tag or found.text
            resolved.weights[network.name] = found.variant.digest
            # Networks that learnt together share a tag: the newest of the first is that of all.
            tag = tag or found.record.tag

    async def _find_weights_to_act(self, resolved: Resolved, tag: str | None) -> None:
        """Take the weights that an ACT asks for, or leave them to its learner."""
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
            _check_description(network, found.record, "start from other weights")
            resolved.weights[network.name] = found.variant.digest

    async def _start_from(self, resolved: Resolved, network: NetworkDescription, tag: str) -> None:
        record = await self._tags.find(network.name, tag)
        if record is None:
            return
        last = {item.variant: item for item in record.variants}.get("last")
        if last is not None:
            _check_description(network, record, "set clean=true to start afresh")
            resolved.weights[network.name] = last.digest

    async def _check(self, resolved: Resolved) -> None:
        request: dict[str, Any] = {
            "networks": [item.model_dump(mode="json") for item in resolved.networks],
            "dataset": _dumped(resolved.source.dataset),
            "files": {},
            "type": resolved.type.value,
            "options": resolved.options.checked(),
        }
        if resolved.code is not None:
            request["code"] = resolved.code
        if resolved.target_count > 1:
            request["ranks"] = resolved.target_count
        try:
            answer = await self._ask(request, resolved.source)
        except UnavailableError as error:
            resolved.warnings.append(f"not checked: {error.message}")
            return
        raise_refusals(answer, resolved.type, resolved.networks, resolved.given)
        resolved.category = answer.get("category")
        resolved.warnings += [str(text) for text in answer.get("warnings") or ()]
        known, offers = answer.get("parameters") or {}, self._hosts.offers()
        resolved.warnings += check_memory(known, resolved.options, resolved.request, offers)

    async def _ask(self, request: dict[str, Any], source: Source) -> dict[str, Any]:
        is_code = any(item["entry_point"] for item in request["networks"])
        if request["type"] == JobType.LEARN and "code" not in request:
            is_code = is_code or request["options"].get("strategy", "") not in ("", *STRATEGIES)
        if is_code or request["options"].get("environment"):
            # Code may change without its description: the answer is not kept.
            request["facts"] = await self._dataset_facts(source)
            return await self._hosts.inspect({"op": "check", **request}, CHECK_WITHIN_S)
        text = json.dumps(request, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        known = await self._facts.cached("check", [digest])
        if digest in known:
            return known[digest]
        # They follow from what the digest is of, and spare the inspector a look at the data.
        request["facts"] = await self._dataset_facts(source)
        return await self._facts.ask("check", digest, request, CHECK_WITHIN_S)

    async def _dataset_facts(self, source: Source) -> dict[str, Any] | None:
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
        self._sources.make(resolved.options, resolved.source)

    def delete_pool(self, name: str) -> None:
        """Remove a pool that nobody uses."""
        self._sources.delete_pool(name)

    def _warn_of_the_impossible(self, resolved: Resolved) -> None:
        offers = [replace(offer, up=True) for offer in self._hosts.offers()]
        reason = impossible(resolved.shape, offers, Policy()) if offers else None
        if reason is not None:
            text = sentence(reason, 0.0)
            resolved.warnings.append(f"{text}; it waits until a host that can run it joins")


def _job_type(text: str) -> JobType:
    offered = [item.value for item in OPTION_MODELS]
    wanted = text.strip().upper()
    if wanted not in list(JobType):
        error = unknown_name("type", text, offered)
        raise InvalidRequestError(error.message, errors=[error])
    if wanted not in offered:
        accepted = " and ".join(offered)
        message = f"Jobs of type {wanted} are not offered yet; {accepted} are."
        raise _bad_field("type", text, message, accepted)
    return JobType(wanted)


def _move_dianne_keys(submission: JobSubmission) -> JobSubmission:
    options, moved = dict(submission.options), {}
    for key, ours in SUBMISSION_KEYS.items():
        if key not in options:
            continue
        if ours in submission.model_fields_set or ours in moved:
            message = f"{key} is given twice: as an option and as {ours}; give only {ours}."
            raise _bad_field(key, options[key], message, ours)
        moved[ours] = options.pop(key)
    if not moved:
        return submission
    fields = {name: getattr(submission, name) for name in submission.model_fields_set}
    try:
        return JobSubmission.model_validate({**fields, "options": options, **moved})
    except ValidationError as error:
        item = error.errors()[0]
        spelled = {ours: key for key, ours in SUBMISSION_KEYS.items() if key in submission.options}
        name = spelled.get(str(item["loc"][0]), str(item["loc"][0]))
        message = f"{name} = {item['input']!r} is not accepted: {item['msg'].lower()}."
        raise _bad_field(name, item["input"], message, item["msg"].lower()) from error


def _name(
    submission: JobSubmission,
    networks: Sequence[NetworkDescription],
    source: Source,
    options: OptionModel,
) -> str:
    if submission.name is None:
        on = source.name or getattr(options, "environment", None)
        return f"{networks[0].name}-{on}"
    name = submission.name.strip()
    if not name:
        message = "The name is empty; write one, or leave it out."
        raise _bad_field("name", submission.name, message, f"1 to {MAX_NAME_LENGTH} characters")
    if any(unicodedata.category(letter) == "Cc" for letter in name):
        # They would move the cursor of every terminal that lists the job.
        message = f"name = {name!r} holds a control character; write one line of plain text."
        raise _bad_field("name", name, message, "one line of text")
    return name


def _dumped(dataset: DatasetDescriptor | None) -> dict[str, Any] | None:
    return None if dataset is None else dataset.model_dump(mode="json")


def _check_description(network: NetworkDescription, record: TagRecord, cure: str) -> None:
    if record.network_digest != network.digest:
        raise ConflictError(
            f"The weights under tag {record.tag!r} belong to an earlier description of network "
            f"{network.name!r}; {cure}."
        )


def _unknown_resource(key: str, value: Any, known: list[str]) -> OptionError:
    key = shortened(key)
    near = nearest(key, known)
    hint = f" Did you mean {near}?" if near else ""
    accepted = ", ".join(known)
    message = f"Unknown resource {key!r}.{hint} Known: {accepted}."
    return OptionError.from_fields(
        [
            FieldError(
                field=f"request.{key}",
                value=value,
                message=message,
                accepted=accepted,
                nearest=near,
            )
        ]
    )


def _bad_field(name: str, value: Any, message: str, accepted: str) -> OptionError:
    return OptionError.from_fields(
        [FieldError(field=name, value=value, message=message, accepted=accepted)]
    )
