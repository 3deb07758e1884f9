"""What can be deployed, as this room sees it: an item of the marketplace with its recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from jupyter_platform.core.errors import NotFoundError, unknown_name
from jupyter_platform.core.recipes import Recipe, ResourcesRecipe

NETWORK_ITEM = "network"
"""Item that serves a network of the repository."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An item that can be deployed."""

    name: str
    title: str
    kind: Literal["module", "tool"]
    recipe: Recipe
    folder: Path | None = None
    """Folder of the item on the coordinator's machine."""
    training: ResourcesRecipe | None = None
    """What training needs, where the item says so."""
    gpu_memory_mb: int | None = None
    """Memory that a GPU must have, where the item says so."""
    is_trusted: bool = False
    """Whether it is the platform's own, so that its pages may act for who looks at them."""
    is_everywhere: bool = False
    """Whether every host has its folder at the same place."""

    @property
    def takes_network(self) -> bool:
        """Whether it serves a network of the repository."""
        return self.name == NETWORK_ITEM


class Offers(Protocol):
    """Where items come from."""

    async def offer(self, item: str) -> Offer:
        """Return an item that can be deployed.

        Raises
        ------
        NotFoundError
            If there is none by that name.
        OptionError
            If it cannot be deployed; the message says why.
        """
        ...


class BuiltInOffers:
    """The items that every platform has, before those of the marketplace.

    Parameters
    ----------
    others : Offers, optional
        Asked for what is not built in.
    """

    def __init__(self, others: Offers | None = None) -> None:
        self._others = others

    @staticmethod
    def known(item: str) -> Offer:
        """Return a built-in item."""
        return _BUILT_IN[item]

    async def offer(self, item: str) -> Offer:
        """Return an item; see `Offers.offer`."""
        if item in _BUILT_IN:
            return self.known(item)
        if self._others is not None:
            return await self._others.offer(item)
        error = unknown_name("item", item, _BUILT_IN)
        raise NotFoundError(error.message, errors=[error])


_BUILT_IN: Mapping[str, Offer] = {
    NETWORK_ITEM: Offer(
        NETWORK_ITEM,
        "Network of the repository",
        "tool",
        Recipe.model_validate({"services": {"api": {"module": NETWORK_ITEM}}}),
        is_trusted=True,
        is_everywhere=True,
    )
}
