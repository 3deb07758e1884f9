"""Items of the marketplace as they can be deployed."""

from __future__ import annotations

from pathlib import Path

from jupyter_platform.coordinator.deployments.offers import Offer
from jupyter_platform.coordinator.marketplace.service import Marketplace
from jupyter_platform.core.errors import refusal
from jupyter_platform.core.marketplace import OWN_SOURCE, ItemEntry, ItemResources
from jupyter_platform.core.recipes import Recipe, ResourcesRecipe
from jupyter_platform.runtime.item_folders import own_items

_CONTAINER_SERVICES = {"api": {"command": ["deep-start", "--deepaas"], "port": 5000}}
"""Services of images of AI4OS. Their IDE wants its password in the clear, which is not kept."""


class MarketplaceOffers:
    """See `jupyter_platform.coordinator.deployments.offers.Offers`."""

    def __init__(self, marketplace: Marketplace) -> None:
        self._marketplace = marketplace

    async def offer(self, item: str) -> Offer:
        """Return an item that can be deployed.

        Raises
        ------
        NotFoundError
            If there is none by that name.
        OptionError
            If it has neither a recipe nor a container image.
        """
        entry = await self._marketplace.entry(item)
        record = entry.record
        own = own_items()
        # Published items have the same source, and are people's.
        is_own = record.source == OWN_SOURCE and record.name in own
        folder = None if record.folder is None else Path(record.folder)
        inference = record.inference or ItemResources()
        return Offer(
            record.name,
            record.title,
            "tool" if record.kind == "tool" else "module",
            _recipe_of(entry, inference),
            folder=own[record.name] if is_own else folder,
            training=None if record.training is None else _resources(record.training),
            gpu_memory_mb=inference.gpu_memory_mb,
            is_trusted=is_own,
            is_everywhere=is_own,
        )


def _recipe_of(entry: ItemEntry, inference: ItemResources) -> Recipe:
    if entry.recipe is not None:
        return entry.recipe
    if entry.image is None:
        name = entry.record.name
        message = f"Item {name!r} has neither a recipe nor a container image, so nobody can run it."
        raise refusal("item", name, message, "an item whose card says that it runs")
    image = entry.image if ":" in entry.image.rsplit("/", 1)[-1] else f"{entry.image}:latest"
    fields = {
        "runtime": "container",
        "image": image,
        "services": _CONTAINER_SERVICES,
        "resources": _resources(inference),
    }
    return Recipe.model_validate(fields)


def _resources(asked: ItemResources) -> ResourcesRecipe:
    default = ResourcesRecipe(cpus=4, memory_mb=8000, disk_mb=10_000)
    return ResourcesRecipe(
        cpus=max(asked.cpu or default.cpus, 1),
        memory_mb=max(asked.memory_mb or default.memory_mb, 100),
        gpus=asked.gpu or 0,
        disk_mb=max(asked.storage_mb or default.disk_mb, 100),
    )
