"""Recipes: how an item of the marketplace is run, from ``recipe.yml`` in the item's folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, model_validator

from jupyter_platform.core.errors import FieldError, OptionError, nearest, refusal, shortened
from jupyter_platform.core.predictions import ServedNetwork
from jupyter_platform.core.records import Record

RECIPE_FILE, METADATA_FILE, README_FILE = "recipe.yml", "ai4-metadata.yml", "README.md"
"""Files of an item's folder."""

SECRET_HEADER = "X-Jupyter-Platform-Secret"
"""Header by which a request tells a service that listens on a port that it came by the door."""

ServiceName = Literal["api", "ide", "monitor", "ui", "custom"]
"""Something of a deployment that answers."""
Purpose = Literal["infer", "retrain", "develop"]
"""What a deployment is made for."""

PLACEHOLDERS = ("socket", "port", "base_url", "item", "data", "work")
"""What a command may name in braces: where it listens, the prefix that browsers see, the folder of
the item, the folder of what was made for it, and the deployment's own folder."""
_NAMED = re.compile(r"\{([a-z_]+)\}")
_SHA256 = r"^[0-9a-f]{64}$"


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise ValueError("it must be a path inside the folder, such as weights/best.onnx")
    return path


def _known_placeholders(words: list[str]) -> list[str]:
    for name in (name for word in words for name in _NAMED.findall(word)):
        if name not in PLACEHOLDERS:
            raise ValueError(f"{{{name}}} is unknown; there is {', '.join(PLACEHOLDERS)}")
    return words


InsidePath = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_inside)]
Command = Annotated[list[str], Field(min_length=1), AfterValidator(_known_placeholders)]
"""Words of a command line; ``python`` is the interpreter of the item's environment."""


class Part(Record):
    """Part of a recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EnvironmentRecipe(Part):
    """A virtual environment of the item's own."""

    lock: InsidePath = "requirements.lock"
    """Exact versions with hashes, as ``uv pip compile --generate-hashes`` writes them."""
    layered: bool = True
    """Whether it lies over the platform's own packages, torch among them, or apart from them."""


class ServiceRecipe(Part):
    """One service: a module with functions of the DEEPaaS V2 interface, or a command."""

    module: str | None = None
    """A file inside the item's folder, an import path, or the name of an entry point of the group
    ``deepaas.v2.model``."""
    command: Command | None = None
    listens: Literal["socket", "port"] = "socket"
    """Where the command listens: a unix socket, or a port of the loopback interface."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """Of a container: the port inside at which the service listens."""
    start_timeout_s: float = Field(default=300.0, gt=0, le=3600)
    """Seconds until its first answer, at most."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.module is not None and self.command is not None:
            raise ValueError("give module or command, one of them")
        if self.port is None and self.module is None and self.command is None:
            raise ValueError("give module or command, or the port of a container")
        return self


class DownloadRecipe(Part):
    """A file that is fetched once and kept for all deployments of the item."""

    url: str = Field(pattern=r"^https?://[^\s]+$", max_length=2000)
    size: int = Field(gt=0)
    """Bytes."""
    sha256: str = Field(pattern=_SHA256)
    file: InsidePath
    """Where it is put, inside the folder of what was made for the item."""


class PhaseRecipe(Part):
    """Something to do before the services start, once a machine."""

    name: str = Field(pattern=r"^[a-z][a-z-]{0,30}$")
    text: str = Field(min_length=1, max_length=200)
    """What it does, as people read it while they wait."""
    command: Command
    makes: InsidePath
    """The file that it makes inside the folder of what was made for the item, its last act; where
    that is there already, the phase is passed over."""


class MetricRecipe(Part):
    """The score on samples that were held out, which weights of the item must reach."""

    name: str
    at_least: float | None = None
    at_most: float | None = None
    measured_on: str
    """The samples that it is measured on."""

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give at_least or at_most, one of them")
        return self

    def is_reached(self, value: float) -> bool:
        """Return whether a value is as good as it must be."""
        if self.at_least is not None:
            return value >= self.at_least
        return self.at_most is not None and value <= self.at_most


class MeasuredMetric(Record):
    """``metric.json`` beside the weights: what was measured when they were made."""

    name: str
    value: float
    measured_on: str


class ResourcesRecipe(Part):
    """What a deployment asks for, unless it says otherwise."""

    cpus: int = Field(default=1, ge=1)
    memory_mb: int = Field(default=1000, ge=100)
    gpus: int = Field(default=0, ge=0)
    disk_mb: int = Field(default=1000, ge=100)


class ArgumentRecipe(Part):
    """A field of the item's own in the form of a deployment.

    Services find its value in their configuration, group ``item``.
    """

    type: Literal["str", "int", "float", "bool"]
    value: str | int | float | bool
    """Value where nothing is given."""
    description: str = Field(min_length=1)
    options: list[str | int | float] | None = None
    range: tuple[float | None, float | None] | None = None


class Recipe(Part):
    """How an item is run: ``recipe.yml``."""

    runtime: Literal["process", "container"] = "process"
    image: str | None = None
    """Of a container: its image, with a tag."""
    user: Literal["owner", "image"] = "owner"
    """Of a container: who its processes are, the owner of the deployment or whom the image says."""
    read_only: bool = True
    """Of a container: whether it writes to ``/workspace``, ``/tmp`` and ``/dev/shm`` alone."""
    environment: EnvironmentRecipe | None = None
    """None: the platform's own packages."""
    services: dict[ServiceName, ServiceRecipe] = Field(min_length=1)
    main: ServiceName | None = None
    """The service that a deployment is opened at; None: the first."""
    needs: list[str] = Field(default_factory=list)
    """Programs that must be found on the host's PATH."""
    downloads: list[DownloadRecipe] = Field(default_factory=list)
    phases: list[PhaseRecipe] = Field(default_factory=list)
    resources: ResourcesRecipe = ResourcesRecipe()
    metric: MetricRecipe | None = None
    arguments: dict[str, ArgumentRecipe] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.main is not None and self.main not in self.services:
            raise ValueError(f"main = {self.main} is none of the services: {self._listed}")
        if (self.runtime == "container") != (self.image is not None):
            raise ValueError("image is given with runtime container, and with that alone")
        if self.runtime == "container" and self.environment is not None:
            raise ValueError("a container has its packages in its image; leave environment out")
        for name, service in self.services.items():
            if (service.port is not None) != (self.runtime == "container"):
                raise ValueError(
                    f"services.{name}.port is given with runtime container, and with that alone"
                )
        return self

    @property
    def _listed(self) -> str:
        return ", ".join(self.services)

    @property
    def main_service(self) -> ServiceName:
        """The service that a deployment is opened at."""
        first: ServiceName = next(iter(self.services))
        return first if self.main is None else self.main

    def service(self, name: ServiceName) -> ServiceRecipe:
        """Return the recipe of one service.

        Raises
        ------
        OptionError
            If the item has none by that name.
        """
        if name not in self.services:
            message = f"service = {name!r}: the item has no such service. It has: {self._listed}."
            raise refusal("service", name, message, f"one of {self._listed}")
        return self.services[name]


class DeploymentRun(Record):
    """What the process of a deployment is told: key ``deployment`` of its ``spec.json``."""

    id: str
    item: str
    """Name of the item."""
    folder: str
    """Absolute path of the item's folder."""
    recipe: Recipe
    service: ServiceName
    """The one that was chosen; those of `base_urls` are started."""
    purpose: Purpose = "infer"
    configuration: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Groups of the configuration document, with the values that hold."""
    base_urls: dict[ServiceName, str]
    """Prefix of each service that is started, as browsers see it; begins and ends with a slash."""
    sockets: str = ""
    """Absolute path of the folder of its sockets, which is closed to other users and short; filled
    by the host."""
    work: str | None = None
    """Absolute path of the folder in which its services work, which outlives attempts; None: one
    inside the run folder. It goes when the deployment is deleted."""
    served: ServedNetwork | None = None
    """Network of the repository that is served."""
    weights: str | None = None
    """``sha256:<hex>`` of its weights."""
    network: str | None = None
    """Folder of a network of the repository, for which ``api`` then answers; made by the host from
    `served` and `weights`."""


def recipe_from(content: Any) -> Recipe:
    """Return the recipe that a file holds.

    Parameters
    ----------
    content : Any
        What was read from YAML.

    Raises
    ------
    OptionError
        If something of it is unknown, missing or out of range; each fault names its field.
    """
    if not isinstance(content, dict):
        message = f"{RECIPE_FILE} holds {type(content).__name__}; a mapping of keys is wanted."
        raise refusal(RECIPE_FILE, shortened(str(content)), message, "a mapping of keys")
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        raise OptionError.from_fields([_fault(item) for item in error.errors()]) from error


def _fault(item: Mapping[str, Any]) -> FieldError:
    place = [str(part) for part in item["loc"] if part != "[key]"]
    field = ".".join(place) or RECIPE_FILE
    value, text = item["input"], str(item["msg"]).removeprefix("Value error, ")
    shown = None if isinstance(value, dict | list) else shortened(str(value))
    accepted = near = None
    if item["type"] == "extra_forbidden":
        known = sorted(_keys_of(place[:-1]))
        near = nearest(place[-1], known)
        hint = f" Did you mean {near}?" if near else ""
        accepted = f"one of {', '.join(known)}" if known else None
        message = f"{field} is unknown.{hint}" + (f" It must be {accepted}." if accepted else "")
    elif item["type"] == "missing":
        message = f"{field} is missing."
    elif not place:
        message = f"{text[:1].upper()}{text[1:]}."
    else:
        message = f"{field}: {text[:1].lower()}{text[1:]}."
    return FieldError(field=field, value=shown, message=message, accepted=accepted, nearest=near)


_PARTS: dict[str, type[Part]] = {
    "environment": EnvironmentRecipe,
    "services": ServiceRecipe,
    "downloads": DownloadRecipe,
    "phases": PhaseRecipe,
    "resources": ResourcesRecipe,
    "metric": MetricRecipe,
    "arguments": ArgumentRecipe,
}


def _keys_of(place: list[str]) -> Iterator[str]:
    """Return the keys that are known where a recipe has a key of another name."""
    model = Recipe if not place else _PARTS.get(place[0])
    if model is not None:
        yield from model.model_fields
