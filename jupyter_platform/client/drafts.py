"""Drafts: networks under construction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_platform.client.transport import Transport
from jupyter_platform.core.drafts import DraftRecord, LayerTypeRecord


class Drafting:
    """The part of a client that looks at networks before they are stored."""

    _transport: Transport

    def layer_types(self) -> list[LayerTypeRecord]:
        """Return all types of layers that a network may be made of, with their arguments."""
        return [LayerTypeRecord.model_validate(item) for item in self._transport.get("/api/layers")]

    def check_network(
        self, description: Mapping[str, Any], dataset: str | None = None
    ) -> DraftRecord:
        """Look at a network without storing it.

        Parameters
        ----------
        description : mapping
            A `NetworkDescription` as a mapping.
        dataset : str, optional
            What it is to learn.

        Returns
        -------
        DraftRecord
            Layers with shapes up to the first that does not fit, and ``problem``.
        """
        body = {"description": dict(description), "dataset": dataset}
        answer = self._transport.request("POST", "/api/networks/check", body=body, repeatable=True)
        return DraftRecord.model_validate_json(answer.content)
