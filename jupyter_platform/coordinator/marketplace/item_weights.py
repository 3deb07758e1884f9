"""Weights of an item in the repository, where LEARN and EVALUATE jobs find them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import ValidationError

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.marketplace.service import Marketplace
from jupyter_platform.coordinator.repository import NetworkRepository, TagRepository
from jupyter_platform.core.catalogue import TagOrigin, TagRecord
from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.predictions import SERVED_DESCRIPTION, SERVED_WEIGHTS
from jupyter_platform.runtime.bounded import BoundsError, read_text
from jupyter_platform.runtime.paths import Paths

TAG, VARIANT = "item", "last"
"""Under which the weights of an item that brings its own are kept."""


class ItemWeights:
    """Brings the weights that were made for items of the package into the repository.

    Parameters
    ----------
    paths : Paths
        Where they lie.
    marketplace : Marketplace
        Knows the items.
    networks : NetworkRepository
        Gets a network of the item's name.
    tags : TagRepository
        Gets its weights.
    """

    def __init__(
        self,
        paths: Paths,
        marketplace: Marketplace,
        networks: NetworkRepository,
        tags: TagRepository,
    ) -> None:
        self._paths = paths
        self._marketplace = marketplace
        self._networks = networks
        self._tags = tags

    async def bring(self, principal: Principal, name: str) -> TagRecord:
        """Return the tag of an item's weights, which are brought into the repository if need be.

        Parameters
        ----------
        principal : Principal
            Who asks; anybody may add networks.
        name : str
            Name of the item.

        Raises
        ------
        NotFoundError
            If there is no such item.
        InvalidRequestError
            If it has no weights that the platform's jobs could take.
        """
        del principal  # networks belong to all
        record = (await self._marketplace.entry(name)).record
        if record.network is not None and record.tag is not None:
            found = await self._tags.find(record.network, record.tag.partition("/")[0])
            if found is not None:
                return found
        folder = self._paths.item(record.name)
        if not await asyncio.to_thread((folder / SERVED_WEIGHTS).is_file):
            raise InvalidRequestError(
                f"The item {name!r} has no weights of a network of the platform. Where it makes "
                "them, it does so when it is first deployed, or by `jupyter platform items build "
                f"{name}`."
            )
        description = await asyncio.to_thread(_described, folder / SERVED_DESCRIPTION, record.name)
        await self._networks.put(record.name, description, replace=True)
        return await self._tags.store(
            network=record.name,
            network_digest=description.digest,
            tag=TAG,
            variant=VARIANT,
            file=folder / SERVED_WEIGHTS,
            step=0,
            scores={},
            job=None,
            dataset=None,
            origin=TagOrigin(source=f"item {record.name}"),
        )

    async def digest(self, name: str) -> str | None:
        """Return the digest of the weights that were brought for an item; None before that."""
        found = await self._tags.find(name, TAG)
        return None if found is None else found.variants[0].digest


def _described(path: Path, name: str) -> NetworkDescription:
    try:
        found = NetworkDescription.model_validate_json(read_text(path))
    except (OSError, BoundsError, ValidationError) as error:
        raise InvalidRequestError(f"The network of the item {name!r} cannot be read.") from error
    return found.model_copy(update={"name": name})
