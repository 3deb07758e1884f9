"""The configuration document of an item: every field with its default, its limits and its help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jupyter_platform.coordinator.deployments.limits import Limits
from jupyter_platform.coordinator.deployments.offers import Offer
from jupyter_platform.core.deployments import (
    LEAST_PASSWORD_LENGTH,
    MAX_DESCRIPTION_LENGTH,
    MAX_TITLE_LENGTH,
    ConfigurationDocument,
    ConfigurationField,
)
from jupyter_platform.core.recipes import ArgumentRecipe, Purpose, Recipe, ResourcesRecipe
from jupyter_platform.core.units import format_count

LONGEST_IDLE_MINUTES = 10_080
_PURPOSES: Mapping[Purpose, str] = {
    "infer": "Get predictions: its inference API, or the page or the tool that it is.",
    "retrain": "Train it further, on data of your own.",
    "develop": "Work on its code in JupyterLab or VS Code.",
}
_SERVICE_TITLES = {
    "api": "inference API",
    "ide": "development environment",
    "monitor": "training monitor",
    "ui": "page with a form",
    "custom": "the item's own page",
}
_ORDER: Mapping[Purpose, tuple[str, ...]] = {
    "infer": ("api", "ui", "custom", "ide", "monitor"),
    "retrain": ("ide", "api", "ui", "custom", "monitor"),
    "develop": ("ide", "api", "ui", "custom", "monitor"),
}
"""Services by how well they serve a purpose."""
_ARGUMENT_TYPES = {"str": "text", "int": "integer", "float": "number", "bool": "boolean"}


@dataclass(frozen=True, slots=True)
class Fleet:
    """What the hosts have that can be asked for by name."""

    gpus: Mapping[str, int] = field(default_factory=dict)
    """Model of a GPU to the bytes of its memory."""
    sites: Mapping[str, str] = field(default_factory=dict)
    """Site to what is free there, in words."""


def purposes_of(offer: Offer) -> dict[Purpose, str]:
    """Return the purposes that an item can be deployed for, each with a sentence."""
    services = offer.recipe.services
    found: dict[Purpose, str] = {"infer": _PURPOSES["infer"]}
    if offer.training is not None or ("ide" in services and "api" in services):
        found["retrain"] = _PURPOSES["retrain"]
    if "ide" in services:
        found["develop"] = _PURPOSES["develop"]
    return found


def document_of(
    offer: Offer, purpose: Purpose, limits: Limits, fleet: Fleet
) -> ConfigurationDocument:
    """Return the configuration document of an item.

    Parameters
    ----------
    offer : Offer
        The item.
    purpose : str
        What it is deployed for; it presets service and hardware.
    limits : Limits
        Of who asks.
    fleet : Fleet
        What the hosts have.
    """
    groups = {
        "general": _general(offer, purpose),
        "hardware": _hardware(offer, purpose, limits, fleet),
        "storage": _storage(limits, _asked(offer, purpose)),
    }
    if offer.recipe.arguments:
        groups["item"] = {
            name: _argument(name, argument) for name, argument in offer.recipe.arguments.items()
        }
    return ConfigurationDocument(
        item=offer.name, purpose=purpose, purposes=purposes_of(offer), groups=groups
    )


def _asked(offer: Offer, purpose: Purpose) -> ResourcesRecipe:
    if purpose == "retrain" and offer.training is not None:
        return offer.training
    return offer.recipe.resources


def _general(offer: Offer, purpose: Purpose) -> dict[str, ConfigurationField]:
    recipe = offer.recipe
    services = list(recipe.services)
    fields = {
        "title": ConfigurationField(
            name="Title",
            value="",
            type="text",
            range=[0, MAX_TITLE_LENGTH],
            description="Tells your deployments apart. Left blank, two words are made up.",
        ),
        "desc": ConfigurationField(
            name="Description",
            value="",
            type="long_text",
            range=[0, MAX_DESCRIPTION_LENGTH],
            description="Longer text for yourself: what it is for, what to remember.",
        ),
        "service": ConfigurationField(
            name="Service",
            value=_main_service(recipe, purpose),
            type="text",
            options=services,
            description=f"What quick access opens. {_told_services(services)}",
        ),
    }
    if "ide" in services:
        fields["jupyter_password"] = ConfigurationField(
            name="Password",
            value="",
            type="password",
            range=[LEAST_PASSWORD_LENGTH, 200],
            description="Asked for when the development environment is opened. Only its hash is "
            "kept.",
            depends_on={"service": ["ide"]},
        )
    if recipe.image is not None:
        fields |= _image(recipe.image)
    fields["idle_stop"] = ConfigurationField(
        name="Stop when idle",
        value=0,
        type="integer",
        range=[0, LONGEST_IDLE_MINUTES],
        unit="min",
        description="Minutes without a request after which it is stopped, with a warning before. "
        "0: never.",
    )
    return fields


def _main_service(recipe: Recipe, purpose: Purpose) -> str:
    if purpose == "infer" and recipe.main is not None:
        return recipe.main
    return next(name for name in _ORDER[purpose] if name in recipe.services)


def _told_services(services: Sequence[str]) -> str:
    return " ".join(f"{name}: {_SERVICE_TITLES[name]}." for name in services)


def _image(image: str) -> dict[str, ConfigurationField]:
    name, _, tag = image.rpartition(":") if ":" in image.rsplit("/", 1)[-1] else (image, "", "")
    return {
        "docker_image": ConfigurationField(
            name="Image",
            value=name,
            type="text",
            description="Image of its container. Only images of the item's publishers are "
            "accepted.",
        ),
        "docker_tag": ConfigurationField(
            name="Tag",
            value=tag or "latest",
            type="text",
            description="Version of the image; one with gpu in its name is for GPUs.",
        ),
    }


def _hardware(
    offer: Offer, purpose: Purpose, limits: Limits, fleet: Fleet
) -> dict[str, ConfigurationField]:
    asked = _asked(offer, purpose)
    most = limits.gpus_per_deployment
    models = [
        name
        for name, memory in sorted(fleet.gpus.items())
        if memory >= 1_000_000 * (offer.gpu_memory_mb or 0)
    ]
    fields = {
        "cpu_num": _number(
            "CPUs", asked.cpus, limits.cpus, limits, "Cores that it may keep busy at a time."
        ),
        "gpu_num": _number(
            "GPUs",
            asked.gpus,
            (0, most),
            limits,
            f"Whole GPUs; {format_count(limits.gpus_per_person, 'GPU')} in all your deployments "
            "together. They are held until it is stopped.",
        ),
        "gpu_type": ConfigurationField(
            name="GPU model",
            value="",
            type="text",
            options=["", *models],
            description="Only where a model is a must: any other is waited past. Empty: any "
            "that has enough memory.",
            depends_on={"gpu_num": list(range(1, most + 1))},
        ),
        "ram": _number(
            "Memory",
            asked.memory_mb,
            limits.memory_mb,
            limits,
            "Memory of all its processes.",
            "MB",
        ),
        "site": ConfigurationField(
            name="Site",
            value="",
            type="text",
            options=["", *sorted(fleet.sites)],
            description="Where it runs. Empty: anywhere." + _told_sites(fleet.sites),
        ),
    }
    if most == 0:
        reason = f"No GPU may be asked for{limits.whose}."
        for name in ("gpu_num", "gpu_type"):
            fields[name] = fields[name].model_copy(update={"disabled": reason})
    return fields


def _told_sites(sites: Mapping[str, str]) -> str:
    return "".join(f" {name}: {free}." for name, free in sorted(sites.items()))


def _storage(limits: Limits, asked: ResourcesRecipe) -> dict[str, ConfigurationField]:
    text = "Room that must be free on its host when it starts, for what it downloads and writes."
    return {"disk": _number("Disk", asked.disk_mb, limits.disk_mb, limits, text, "MB")}


def _number(
    name: str,
    wanted: int,
    bounds: tuple[int, int],
    limits: Limits,
    text: str,
    unit: str | None = None,
) -> ConfigurationField:
    least, most = bounds
    value = min(max(wanted, least), most)
    measure = f" {unit}" if unit else ""
    accepted = f"{least:,} to {most:,}{measure}" if most > least else f"{most:,}{measure}"
    warning = None
    if value < wanted:
        warning = (
            f"The item asks for {wanted:,}{measure} of {name}; {most:,}{measure} is the most "
            f"that is allowed{limits.whose}."
        )
    return ConfigurationField(
        name=name,
        value=value,
        type="integer",
        range=[least, most],
        unit=unit,
        description=f"{text} {accepted} may be asked for{limits.whose}.",
        warning=warning,
    )


def _argument(name: str, argument: ArgumentRecipe) -> ConfigurationField:
    return ConfigurationField.model_validate(
        {
            "name": name.replace("_", " ").capitalize(),
            "value": argument.value,
            "type": _ARGUMENT_TYPES[argument.type],
            "options": argument.options,
            "range": None if argument.range is None else list(argument.range),
            "description": argument.description,
        }
    )
