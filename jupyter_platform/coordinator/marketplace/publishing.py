"""Publishing the network of a finished job, with its weights, as an item of the marketplace."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.jobs.service import JobService
from jupyter_platform.coordinator.jobs.weights import JobWeightsService
from jupyter_platform.coordinator.marketplace.item_weights import ItemWeights
from jupyter_platform.coordinator.marketplace.service import Marketplace
from jupyter_platform.coordinator.marketplace.sources.own import PUBLISHED
from jupyter_platform.coordinator.repository import TagRepository
from jupyter_platform.core.catalogue import JobWeights
from jupyter_platform.core.errors import ConflictError, NotFoundError, refusal
from jupyter_platform.core.jobs import JobRecord
from jupyter_platform.core.marketplace import ItemRecord, Publication
from jupyter_platform.core.predictions import (
    SERVED_DESCRIPTION,
    SERVED_WEIGHTS,
    ServedNetwork,
)
from jupyter_platform.core.recipes import METADATA_FILE, README_FILE, RECIPE_FILE
from jupyter_platform.core.states import JobState, JobType
from jupyter_platform.runtime.item_folders import METRIC_FILE
from jupyter_platform.runtime.paths import Paths

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")
_ACCEPTED_NAME = "2 to 63 of a-z, 0-9, '.', '_' and '-', a letter or digit first"
ORIGIN_FILE, NETWORK_FOLDER = "published.json", "network"
"""Of a published item: who published it and when; what its API serves."""
_VARIANTS = ("best", "last")
_TASKS = {
    "classification": "Classification",
    "regression": "Regression",
    "language": "Natural Language Processing",
    "generation": "Generative Models",
}
"""Task of a dataset to that of metadata."""


@dataclass(frozen=True, slots=True)
class _Made:
    """What a job made that is published."""

    job: JobRecord
    weights: JobWeights
    file: Path
    served: ServedNetwork


class Publishing:
    """Makes items of finished jobs.

    Parameters
    ----------
    paths : Paths
        Where published items lie.
    marketplace : Marketplace
        What they are added to.
    jobs : JobService
        Knows the jobs.
    weights : JobWeightsService
        Knows the weights that they made and took.
    tags : TagRepository
        Knows what the weights were made for.
    item_weights : ItemWeights
        Knows the weights of items of the package.
    """

    def __init__(
        self,
        paths: Paths,
        marketplace: Marketplace,
        jobs: JobService,
        weights: JobWeightsService,
        tags: TagRepository,
        item_weights: ItemWeights,
    ) -> None:
        self._folder = paths.marketplace / PUBLISHED
        self._marketplace = marketplace
        self._jobs = jobs
        self._weights = weights
        self._tags = tags
        self._item_weights = item_weights

    async def publish(self, principal: Principal, wanted: Publication) -> ItemRecord:
        """Publish the network of a LEARN job with its best weights.

        Parameters
        ----------
        principal : Principal
            Who publishes; it must be their job.
        wanted : Publication
            Name, texts, the job, and the jobs that judged what it made.

        Raises
        ------
        OptionError
            If a field is not accepted.
        NotFoundError
            If there is no such job or parent.
        ConflictError
            If another item has the name.
        ForbiddenError
            If the job, or the item to replace, is somebody else's.
        """
        if NAME.fullmatch(wanted.name) is None:
            message = f"name = {wanted.name[:100]!r} is no name of an item; write {_ACCEPTED_NAME}."
            raise refusal("name", wanted.name[:100], message, _ACCEPTED_NAME)
        await self._check_free(principal, wanted)
        made = await self._made(principal, wanted.job)
        parent = None if wanted.parent is None else await self._marketplace.item(wanted.parent)
        judged = await self._judged(principal, wanted, made, parent)
        files = {
            METADATA_FILE: _yaml(_metadata(wanted, made, parent)),
            README_FILE: _readme(wanted, made, judged, parent),
            RECIPE_FILE: _yaml(_RECIPE),
            METRIC_FILE: json.dumps(_metric(made, judged)),
            ORIGIN_FILE: json.dumps(
                {"owner": made.job.owner, "published": datetime.now(UTC).isoformat()}
            ),
        }
        await asyncio.to_thread(self._write, wanted.name, files, made)
        await self._marketplace.read_own()
        return await self._marketplace.item(wanted.name)

    async def remove(self, principal: Principal, name: str) -> None:
        """Take a published item out of the marketplace.

        Parameters
        ----------
        principal : Principal
            Who published it, or the owner of the platform.
        name : str
            Name of the item.

        Raises
        ------
        NotFoundError
            If nothing was published under that name.
        ForbiddenError
            If it is somebody else's.
        """
        owner = await asyncio.to_thread(self._owner, name)
        if owner is None:
            raise NotFoundError(f"No item was published here as {name[:100]!r}.")
        principal.require(owner, f"The item {name!r}")
        await asyncio.to_thread(shutil.rmtree, self._folder / name)
        await self._marketplace.read_own()

    def _owner(self, name: str) -> str | None:
        """Return who published an item; None where nobody did."""
        if NAME.fullmatch(name) is None:
            return None
        try:
            found = json.loads((self._folder / name / ORIGIN_FILE).read_bytes())
        except (OSError, ValueError):
            return None
        return str(found.get("owner", ""))

    async def _check_free(self, principal: Principal, wanted: Publication) -> None:
        owner = await asyncio.to_thread(self._owner, wanted.name)
        if owner is not None and wanted.replace:
            principal.require(owner, f"The item {wanted.name!r}")
            return
        if owner is None and not await self._marketplace.has(wanted.name):
            return
        accepted = "another name" if owner is None else "another name, or replace"
        message = f"There is an item {wanted.name!r} already; choose {accepted}."
        raise ConflictError(message)

    async def _made(self, principal: Principal, reference: str) -> _Made:
        job = await self._jobs.get(principal, reference)
        principal.require(job.owner, f"Job {job.name!r}")
        if job.type != JobType.LEARN:
            message = f"job = {reference!r} is {job.type}; only what a LEARN made is published."
            raise refusal("job", reference, message, "a LEARN job that has ended")
        if job.state not in (JobState.FINISHED, JobState.STOPPED):
            message = f"job = {reference!r} is {job.state}; it is published when it has ended well."
            raise refusal("job", reference, message, "a LEARN job that is finished or stopped")
        found = {
            item.variant: item
            for item in await self._weights.records(principal, job.id)
            if item.network == job.networks[0]
        }
        variant = next((name for name in _VARIANTS if name in found), None)
        if variant is None:
            message = f"job = {reference!r} kept no weights."
            raise refusal("job", reference, message, "a LEARN job with weights")
        weights, file = await self._weights.file(principal, job.id, job.networks[0], variant)
        tag = await self._tags.find(job.networks[0], job.id)
        served = ServedNetwork(
            description=weights.description,
            tag=f"{job.id}/{variant}",
            input_shape=None if tag is None else tag.input_shape,
            outputs=None if tag is None else tag.outputs,
        )
        return _Made(job, weights, file, served)

    async def _judged(
        self,
        principal: Principal,
        wanted: Publication,
        made: _Made,
        parent: ItemRecord | None,
    ) -> list[JobRecord]:
        """Return the EVALUATE jobs that judged the child, and its parent on the same samples."""
        if len(wanted.evaluations) > 1 and parent is None:
            message = "Two jobs judge an item and its parent; name the parent."
            raise refusal("evaluations", wanted.evaluations, message, "one EVALUATE job, or parent")
        older = _told(parent, "weights")
        if older is None and parent is not None:
            older = await self._item_weights.digest(parent.name)
        digests = [made.weights.digest, older]
        judged = []
        for reference, digest in zip(wanted.evaluations, digests, strict=False):
            judged.append(await self._evaluation(principal, reference, digest))
        if len(judged) == 2:
            _check_same_samples(*judged)
        return judged

    async def _evaluation(
        self, principal: Principal, reference: str, digest: str | None
    ) -> JobRecord:
        job = await self._jobs.get(principal, reference)
        principal.require(job.owner, f"Job {job.name!r}")
        accepted = "a finished EVALUATE job of these weights"
        if job.type != JobType.EVALUATE or job.state != JobState.FINISHED:
            message = f"evaluations: {reference!r} is {job.type}, {job.state}; give {accepted}."
            raise refusal("evaluations", reference, message, accepted)
        taken = {item.digest for item in await self._weights.records(principal, job.id)}
        if digest not in taken:
            message = f"evaluations: {reference!r} judged other weights; give {accepted}."
            raise refusal("evaluations", reference, message, accepted)
        return job

    def _write(self, name: str, files: Mapping[str, str], made: _Made) -> None:
        """Write the item's folder beside, then put it in its place."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished, target = self._folder / f".{name}.new", self._folder / name
        shutil.rmtree(unfinished, ignore_errors=True)
        network = unfinished / NETWORK_FOLDER
        network.mkdir(parents=True)
        for file, text in files.items():
            (unfinished / file).write_text(text, encoding="utf-8")
        (network / SERVED_DESCRIPTION).write_text(made.served.model_dump_json(), encoding="utf-8")
        # A copy: the item stays whole when the job and its weights are deleted.
        shutil.copyfile(made.file, network / SERVED_WEIGHTS)
        old = self._folder / f".{name}.old"
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        unfinished.rename(target)
        shutil.rmtree(old, ignore_errors=True)


_COMMAND = [
    "python",
    "-m",
    "jupyter_platform.serving",
    "api",
    "--network",
    f"{{item}}/{NETWORK_FOLDER}",
]
_RECIPE: dict[str, Any] = {"services": {"api": {"command": _COMMAND}}}


def _metadata(wanted: Publication, made: _Made, parent: ItemRecord | None) -> dict[str, Any]:
    job, today = made.job, datetime.now(UTC).date().isoformat()
    task = None if made.served.task is None else _TASKS.get(made.served.task)
    tasks = parent.tasks if parent else [task or "Other"]
    provenance = {
        "job": job.id,
        "network": job.networks[0],
        "tag": made.served.tag,
        "weights": made.weights.digest,
        "dataset": job.dataset,
        "owner": job.owner,
        "parent": wanted.parent,
    }
    data: dict[str, Any] = {
        "metadata_version": "2.3.0",
        "title": wanted.title,
        "summary": wanted.summary,
        "description": wanted.description or wanted.summary,
        "links": {"source_code": ""},
        "dates": {"created": today, "updated": today},
        "libraries": ["PyTorch"],
        "tasks": tasks,
        "categories": ["AI4 inference", "AI4 pre trained", "AI4 trainable"],
        "tags": list(dict.fromkeys(["published here", *wanted.tags])),
        "provenance": {key: value for key, value in provenance.items() if value},
    }
    if parent is not None:
        data["data-type"] = parent.data_types
        data["links"]["base_model"] = f"urn:jupyter-platform:item/{parent.name}"
    licence = wanted.license or (parent.license if parent else None)
    if licence:
        data["license"] = licence
    return data


def _metric(made: _Made, judged: Sequence[JobRecord]) -> dict[str, Any] | None:
    """Return the score of the item: of what judged it, else of the job that made it."""
    job = judged[0] if judged else made.job
    if job.headline is None or job.headline.value is None:
        return None
    on = job.headline.on or ""
    where = f"{job.dataset}: {on}" if job.dataset else on
    return {"name": job.headline.name, "value": job.headline.value, "measured_on": where}


def _readme(
    wanted: Publication, made: _Made, judged: Sequence[JobRecord], parent: ItemRecord | None
) -> str:
    job = made.job
    lines = [wanted.description or wanted.summary, "", "## How it was made", ""]
    iterations = f" for {made.weights.step:,} iterations" if made.weights.step else ""
    lines.append(
        f"Network `{job.networks[0]}`, trained on `{job.dataset}`{iterations} by job `{job.id}`."
    )
    if judged:
        lines += [
            "",
            "## Scores",
            "",
            f"On the {_measured_on(judged[0])} of `{judged[0].dataset}`:",
        ]
        lines += ["", f"| | {' | '.join(_score_names(judged))} |"]
        lines.append("|---" * (1 + len(_score_names(judged))) + "|")
        names = ["this item", parent.title.replace("|", "/") if parent else ""]
        for name, one in zip(names, judged, strict=False):
            lines.append(f"| {name} | {' | '.join(_scores(one, _score_names(judged)))} |")
    return "\n".join(lines) + "\n"


def _check_same_samples(child: JobRecord, parent: JobRecord) -> None:
    """Refuse two judgements whose scores cannot be compared."""
    on = [f"{job.dataset} ({_measured_on(job)})" for job in (child, parent)]
    if on[0] != on[1]:
        message = f"The item was judged on {on[0]}, its parent on {on[1]}: that is not the same."
        accepted = "two EVALUATE jobs on the same samples"
        raise refusal("evaluations", [child.id, parent.id], message, accepted)


def _score_names(judged: Sequence[JobRecord]) -> list[str]:
    """Return the scores that all of the jobs have."""
    names = [score.name for score in judged[0].scores]
    return [
        name for name in names if all(any(one.name == name for one in job.scores) for job in judged)
    ][:8]


def _scores(job: JobRecord, names: Sequence[str]) -> list[str]:
    values = {score.name: score.value for score in job.scores}
    return ["–" if values[name] is None else f"{values[name]:.4g}" for name in names]


def _measured_on(job: JobRecord) -> str:
    return str((job.result or {}).get("measured_on") or "samples")


def _told(item: ItemRecord | None, key: str) -> str | None:
    found = None if item is None else item.metadata.get("provenance", {}).get(key)
    return None if found is None else str(found)


def _yaml(data: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True))
