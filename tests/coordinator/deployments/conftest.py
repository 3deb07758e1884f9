"""Items to deploy, and a coordinator that offers them on a host that is a stand-in."""

from __future__ import annotations

import contextlib

import pytest

from jupyter_platform.coordinator.deployments.offers import Offer
from jupyter_platform.core.deployments import DeploymentRequest
from jupyter_platform.core.errors import NotFoundError
from jupyter_platform.core.recipes import Recipe, ResourcesRecipe

from ..lab import ADA

SERVICE = {"command": ["python", "service.py"]}


def item(name="digits", *, services=("api", "ui", "ide"), kind="module", **fields):
    recipe = fields.pop("recipe", {})
    service = {**SERVICE, "port": 5000} if "image" in recipe else SERVICE
    recipe = {"services": dict.fromkeys(services, service), **recipe}
    return Offer(name, f"Item {name}", kind, Recipe.model_validate(recipe), **fields)


class Shelf:
    """Offers by their names."""

    def __init__(self, *offers):
        self.offers = {offer.name: offer for offer in offers}

    async def offer(self, item):
        if item not in self.offers:
            raise NotFoundError(f"There is no item {item!r}.")
        return self.offers[item]


@pytest.fixture
def shelf():
    image = {"runtime": "container", "image": "deephdc/plants:latest"}
    return Shelf(
        item(training=ResourcesRecipe(cpus=2, gpus=1, memory_mb=64_000)),
        item("plants", recipe=image),
        item("code", services=("ide",), kind="tool"),
    )


@pytest.fixture
def deploying(open_lab, host, until, shelf):
    """Return a function that opens a lab which offers items, its host joined."""

    @contextlib.asynccontextmanager
    async def enter(**settings):
        async with open_lab(offers=shelf, **settings) as lab:
            await until(lambda: lab.hosts.link(host.name))
            yield lab

    return enter


@pytest.fixture
def deploy():
    """Return a function that makes a deployment in a lab."""

    async def make(lab, name="digits", principal=ADA, *, title=None, purpose="infer", **values):
        request = DeploymentRequest(item=name, title=title, purpose=purpose, configuration=values)
        return await lab.deployments.create(principal, request)

    return make
