"""A request for a deployment, checked and completed, and the row that it becomes."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from jupyter_platform.coordinator.deployments.configuration import (
    Fleet,
    document_of,
    purposes_of,
)
from jupyter_platform.coordinator.deployments.limits import Limits, limits_of
from jupyter_platform.coordinator.deployments.offers import NETWORK_ITEM, Offer, Offers
from jupyter_platform.coordinator.deployments.titles import made_up_title
from jupyter_platform.coordinator.deployments.values import Values, take_values
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.repository import TagRepository
from jupyter_platform.coordinator.store.tables import DeploymentRow
from jupyter_platform.coordinator.workloads.host_choice import HostChoice
from jupyter_platform.coordinator.workloads.planning import Shape
from jupyter_platform.core.deployments import ConfigurationDocument, DeploymentRequest
from jupyter_platform.core.errors import FieldError, OptionError, PlatformError, refusal
from jupyter_platform.core.jobs import ResourceRequest
from jupyter_platform.core.predictions import ServedNetwork
from jupyter_platform.core.recipes import Purpose
from jupyter_platform.core.settings import DeploymentSettings
from jupyter_platform.core.states import JobState
from jupyter_platform.core.units import format_bytes, format_count

DEPLOYMENT = "deployment"
"""`WorkloadRow.kind` of deployments."""
LANE = "Deployment"
ROLE = "service"
_MB = 1_000_000
_SPECIAL = re.compile(r"([()\\*])")


@dataclass
class Resolved:
    """A request that can become a deployment."""

    offer: Offer
    purpose: Purpose
    title: str
    description: str
    values: Values
    limits: Limits
    services: list[str]
    """Those that are started, the main one first."""
    network: str | None = None
    tag: str | None = None
    served: dict[str, Any] | None = None
    """The network that it serves, as a `ServedNetwork`."""
    weights: str | None = None
    """``sha256:<hex>`` of the weights that it serves."""
    warnings: list[str] = field(default_factory=list)
    password_hash: str | None = None

    @property
    def request(self) -> ResourceRequest:
        """The resources that it asks for."""
        hardware = self.values["hardware"]
        return ResourceRequest(
            cpus=hardware["cpu_num"], memory=hardware["ram"] * _MB, gpus=hardware["gpu_num"]
        )

    @property
    def choice(self) -> HostChoice:
        """The hosts that it may use."""
        hardware = self.values["hardware"]
        runtime = self.offer.recipe.runtime
        wanted = {"gpu": hardware["gpu_type"], "site": hardware["site"]}
        wanted["runtime"] = "" if runtime == "process" else runtime
        parts = [f"({name}={_escaped(value)})" for name, value in wanted.items() if value]
        text = f"(&{''.join(parts)})" if len(parts) > 1 else "".join(parts)
        at_home = self.offer.folder is not None and not self.offer.is_everywhere
        return HostChoice(target_filter=text, at_home=at_home)

    @property
    def shape(self) -> Shape:
        """What the planner sees of it."""
        return self.choice.shape(ROLE, self.request, 1)

    @property
    def image(self) -> str | None:
        """The image of its container, with its tag."""
        general = self.values["general"]
        image = general.get("docker_image")
        return self.offer.recipe.image if image is None else f"{image}:{general['docker_tag']}"

    def on_cpu(self) -> Resolved:
        """Return the same without a GPU."""
        hardware = {**self.values["hardware"], "gpu_num": 0, "gpu_type": ""}
        return replace(self, values={**self.values, "hardware": hardware})

    def row(self, owner: str, base_url: str, key: str | None, table: str) -> DeploymentRow:
        """Return the row of the deployment, queued."""
        made = uuid.uuid4()
        asked, recipe = self.request, self.offer.recipe
        general = self.values["general"]
        words = (made.hex[-12:], str(made), self.title, self.offer.name, self.offer.title, owner)
        image = self.image
        return DeploymentRow(
            id=made.hex[-12:],
            uuid=str(made),
            idempotency_key=key,
            lane=LANE,
            role=ROLE,
            name=self.title,
            owner=owner,
            state=JobState.QUEUED.value,
            cpus=asked.cpus,
            memory=asked.memory,
            gpus=asked.gpus,
            placement=self.choice.column(),
            endless=True,
            warnings=self.warnings,
            search=" ".join(words).lower(),
            item=self.offer.name,
            item_title=self.offer.title,
            table=table,
            purpose=self.purpose,
            description=self.description,
            service=self.services[0],
            configuration=self.values,
            runtime=recipe.runtime,
            image=image,
            network=self.network,
            tag=self.tag,
            base_url=base_url,
            is_trusted=self.offer.is_trusted,
            services=dict.fromkeys(self.services),
            idle_stop_minutes=general["idle_stop"],
            spec={
                "recipe": recipe.model_copy(update={"image": image}).model_dump(mode="json"),
                "folder": None if self.offer.folder is None else str(self.offer.folder),
                "served": self.served,
                "weights": self.weights,
                "password_hash": self.password_hash,
            },
        )


Served = Callable[[str, str | None], Awaitable[tuple[ServedNetwork, Path]]]
"""Returns a network of the repository with some of its weights, by its name and their tag."""


class Requests:
    """Checks and completes requests.

    Parameters
    ----------
    offers : Offers
        Where items come from.
    hosts, tags, settings
        Of the coordinator.
    served : coroutine function
        Returns the networks that are served.
    """

    def __init__(
        self,
        *,
        offers: Offers,
        hosts: HostRegistry,
        served: Served,
        tags: TagRepository,
        settings: DeploymentSettings,
    ) -> None:
        self._offers = offers
        self._hosts = hosts
        self._served = served
        self._tags = tags
        self._settings = settings

    async def document(
        self, principal: Principal, item: str, purpose: Purpose
    ) -> ConfigurationDocument:
        """Return what may be configured about an item by a person.

        Raises
        ------
        NotFoundError
            If there is no such item.
        OptionError
            If it cannot be deployed for that purpose.
        """
        offer = await self._offers.offer(item)
        _refuse_purpose(offer, purpose)
        return document_of(offer, purpose, limits_of(principal, self._settings), self._fleet())

    async def resolve(self, principal: Principal, request: DeploymentRequest) -> Resolved:
        """Return a request with all its values.

        Raises
        ------
        NotFoundError
            If there is no such item, network or tag.
        OptionError
            If values are refused; ``errors`` has an entry for each.
        """
        offer = await self._offers.offer(request.item)
        _refuse_purpose(offer, request.purpose)
        limits = limits_of(principal, self._settings)
        document = document_of(offer, request.purpose, limits, self._fleet())
        given, errors = _with_title(request)
        values, refused = take_values(document, given)
        errors += refused
        errors += self._refuse_image(values, offer)
        if offer.recipe.runtime == "container" and not self._has_containers():
            errors.append(_no_containers(offer))
        general = values["general"]
        password = general.pop("jupyter_password", "")
        if general["service"] == "ide" and not password and not _blames(errors, "jupyter_password"):
            errors.append(_no_password())
        if errors:
            raise OptionError.from_fields(errors)
        title, description = general.pop("title"), general.pop("desc")
        resolved = Resolved(
            offer=offer,
            purpose=request.purpose,
            title=title or made_up_title(),
            description=description,
            values=values,
            limits=limits,
            services=_services(offer, general["service"]),
            warnings=[*_warnings(document, values)],
        )
        if password:
            resolved.password_hash = await asyncio.to_thread(_hashed, password)
        await self._add_network(resolved, request)
        return resolved

    async def _add_network(self, resolved: Resolved, request: DeploymentRequest) -> None:
        if not resolved.offer.takes_network:
            if request.network is not None:
                message = f"Item {request.item!r} serves no network of the repository."
                raise refusal("network", request.network, message, f"item {NETWORK_ITEM!r}")
            return
        if request.network is None:
            message = "network is missing: say which network of the repository is served."
            raise refusal("network", None, message, "the name of a network")
        served, _ = await self._served(request.network, request.tag)
        found = await self._tags.resolve(request.network, served.tag)
        resolved.network, resolved.tag = request.network, served.tag
        resolved.served = served.model_dump(mode="json")
        resolved.weights = f"sha256:{found.variant.digest}"
        resolved.title = request.title or f"{request.network} {served.tag}"[:45]

    def _has_containers(self) -> bool:
        return any(
            record.description.runtimes.get("container", "") is None
            for record in self._hosts.records()
            if record.state != "lost"
        )

    def limits(self, principal: Principal) -> Limits:
        """Return the limits of a person."""
        return limits_of(principal, self._settings)

    def _fleet(self) -> Fleet:
        """Return what the hosts have that can be asked for by name."""
        gpus: dict[str, int] = {}
        free: dict[str, list[int]] = {}
        for record in self._hosts.records():
            offer = record.description
            if record.state == "lost":
                continue
            for gpu in offer.gpus:
                gpus[gpu.name] = max(gpus.get(gpu.name, 0), gpu.memory)
            if offer.site:
                room = free.setdefault(offer.site, [0, 0, 0])
                room[0] += offer.cpus - record.cpus_busy
                room[1] += offer.memory - record.memory_busy
                room[2] += len(offer.gpus) - len(record.gpus_busy)
        sites = {
            name: f"{format_count(max(cpus, 0), 'CPU')}, {format_bytes(max(memory, 0))} and "
            f"{format_count(max(count, 0), 'GPU')} free"
            for name, (cpus, memory, count) in free.items()
        }
        return Fleet(gpus, sites)

    def _refuse_image(self, values: Values, offer: Offer) -> list[FieldError]:
        image = values["general"].get("docker_image")
        if image is None:
            return []
        own = str(offer.recipe.image).rpartition(":")[0]
        allowed = self._settings.images
        if image == own or any(image.startswith(beginning) for beginning in allowed):
            return []
        accepted = f"{own}, or what begins with {', '.join(allowed)}"
        message = f"docker_image = {image!r} is of a foreign publisher; accepted: {accepted}."
        return [FieldError(field="docker_image", value=image, message=message, accepted=accepted)]


def _with_title(request: DeploymentRequest) -> tuple[dict[str, Any], list[FieldError]]:
    """Return the values that were given, title and description among them."""
    given = dict(request.configuration)
    errors = []
    for key, value in (("title", request.title), ("desc", request.description)):
        group = given.get("general")
        inside = isinstance(group, dict) and key in group
        if not value:
            continue
        if (inside or key in given) and (group or {}).get(key, given.get(key)) != value:
            message = f"{key} is given twice, with different values; give it once."
            errors.append(FieldError(field=key, value=value, message=message))
        elif not inside:
            given[key] = value
    return given, errors


def _refuse_purpose(offer: Offer, purpose: Purpose) -> None:
    known = purposes_of(offer)
    if purpose not in known:
        message = f"Item {offer.name!r} cannot be deployed to {purpose}; it can to: "
        raise refusal("purpose", purpose, f"{message}{', '.join(known)}.", ", ".join(known))


def _services(offer: Offer, main: str) -> list[str]:
    """Return the services that are started, the main one first: an IDE only where it is chosen."""
    return [main, *(name for name in offer.recipe.services if name not in (main, "ide"))]


def _warnings(document: ConfigurationDocument, values: Values) -> list[str]:
    """Return what to know about the defaults that were kept."""
    fields = [
        (values[group].get(key, item.value), item)
        for group, items in document.groups.items()
        for key, item in items.items()
    ]
    found = [item.warning for value, item in fields if item.warning and value == item.value]
    general, hardware = values["general"], values["hardware"]
    has_gpu_tag = "gpu" in str(general.get("docker_tag", "")).lower()
    if "docker_tag" in general and has_gpu_tag != bool(hardware["gpu_num"]):
        told = "is for GPUs, and none is asked for" if has_gpu_tag else "may not be for GPUs"
        if has_gpu_tag or hardware["gpu_num"]:
            found.append(f"Tag {general['docker_tag']!r} {told}.")
    return found


def _no_containers(offer: Offer) -> FieldError:
    message = (
        f"Item {offer.name!r} needs a container runtime, and no host here has one; items whose "
        "card says 'Runs here' can be deployed."
    )
    return FieldError(field="item", value=offer.name, message=message)


def _no_password() -> FieldError:
    message = "jupyter_password is missing: a development environment asks for one."
    accepted = "at least 9 characters"
    return FieldError(field="jupyter_password", message=message, accepted=accepted)


def _blames(errors: list[FieldError], name: str) -> bool:
    return any(error.field == name for error in errors)


def _hashed(password: str) -> str:
    """Return a password as the Jupyter server keeps one."""
    return f"argon2:{PasswordHasher(time_cost=2, memory_cost=10_240).hash(password)}"


def _escaped(value: str) -> str:
    return _SPECIAL.sub(r"\\\1", value)


def is_refusal(error: PlatformError) -> bool:
    """Return whether an error says what is wrong with a request."""
    return error.status_code in (400, 404, 409, 422)
