"""From a finished job to an inference API of what it has learnt."""

from __future__ import annotations

from typing import Any

from jupyter_platform.client.deployments import Deploying, Deployment
from jupyter_platform.client.transport import Transport
from jupyter_platform.core.errors import ConflictError
from jupyter_platform.core.jobs import JobRecord

NETWORK_ITEM = "network"
"""Item that serves a network of the repository."""


class DeployableJob:
    """The part of a job that deploys its weights."""

    _transport: Transport
    _record: JobRecord

    def deploy(
        self, *, title: str | None = None, network: str = "", **configuration: Any
    ) -> Deployment:
        """Start an inference API of the weights that the job has made.

        Parameters
        ----------
        title : str, optional
            For people.
        network : str
            Which network's, where the job has several.
        **configuration
            As of `Platform.deploy`: ``cpu_num=2``.

        Raises
        ------
        ConflictError
            If the job has made no weights, or has several networks and none is named.
        """
        record = self._record
        if record.type != "LEARN" or not record.networks:
            raise ConflictError(
                f"Job {record.id} is a {record.type}; LEARN makes what is deployed."
            )
        if not network and len(record.networks) > 1:
            names = ", ".join(record.networks)
            raise ConflictError(f"Job {record.id} has several networks; name one: {names}.")
        return _Deployer(self._transport).deploy(
            NETWORK_ITEM,
            title=title,
            network=network or record.networks[0],
            tag=record.id,
            **configuration,
        )


class _Deployer(Deploying):
    def __init__(self, transport: Transport) -> None:
        self._transport = transport
