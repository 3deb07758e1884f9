"""A network of the repository as a model of the service."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.inference import Method, ModelDescription
from jupyter_platform.learning.questions.serving import Outputs, TrainedNetwork
from jupyter_platform.serving.contract.loading import Loaded
from jupyter_platform.serving.contract.module import Module, refused
from jupyter_platform.serving.contract.parsing import ArgumentsError, RawArguments
from jupyter_platform.serving.contract.results import Answer, failure, plain, to_json
from jupyter_platform.serving.metrics import Metrics
from jupyter_platform.serving.networks.batcher import Batcher
from jupyter_platform.serving.networks.functions import NetworkFunctions
from jupyter_platform.serving.networks.predicting import Predicting
from jupyter_platform.serving.settings import ServiceSettings
from jupyter_platform.serving.workers.trainings import Trainings


class NetworkModel:
    """A network with its weights, in the process of the service itself.

    Parameters
    ----------
    folder : Path
        Holds description and weights; see `TrainedNetwork`.
    settings : ServiceSettings
        How batches are made.
    metrics : Metrics
        Where they are counted.
    """

    def __init__(self, folder: Path, settings: ServiceSettings, metrics: Metrics) -> None:
        self._folder = folder
        self._settings = settings
        self._metrics = metrics
        # Networks learn by LEARN jobs, which keep what they were made from.
        self.trainings = Trainings(None, at_once=1, warm=False)
        self.predicting: Predicting | None = None
        self._batcher: Batcher[Outputs]
        self._functions: NetworkFunctions
        self._module: Module

    async def start(self) -> None:
        """Read the network, and let it compute once where its input has a fixed shape."""
        network = await asyncio.to_thread(TrainedNetwork, self._folder, self._settings.threads)
        self._batcher = Batcher(
            network.predict,
            max_batch=self._settings.max_batch,
            max_wait_s=self._settings.max_wait_ms / 1000,
            most_waiting=self._settings.queue,
            on_batch=self._metrics.add_batch,
        )
        self.predicting = self._asks = Predicting(network, self._batcher)
        self._functions = NetworkFunctions(network)
        self._module = Module(Loaded(network.name, self._functions, None, None))

    async def restart(self) -> None:
        """Read the network anew."""
        old = self._batcher
        await self.start()
        old.close()

    async def close(self) -> None:
        """Give back all that it holds."""
        if self.predicting is not None:
            self._batcher.close()

    @property
    def description(self) -> ModelDescription:
        """Its arguments."""
        told = self._module.describe()
        return told.model_copy(
            update={"predict": told.predict.model_copy(update={"implemented": True})}
        )

    @property
    def sources(self) -> Mapping[str, str]:
        """None: weights of a name do not change."""
        return {}

    async def metadata(self) -> dict[str, Any]:
        """Return what the service tells of the network."""
        return self._module.metadata()

    async def check(self, method: Method, raw: RawArguments) -> dict[str, Any] | Answer:
        """Return the arguments of a call as JSON holds them, or the answer that refuses them."""
        try:
            return plain(self._module.check(method, raw))
        except ArgumentsError as error:
            return refused(error)

    async def predict(self, raw: RawArguments, _folder: Path) -> Answer:
        """Return the answer of the network."""
        try:
            values = self._module.check("predict", raw)
            if self._functions.takes_text:
                made = await self._batcher.alone(partial(self._functions.continuation, values))
                return Answer(text=to_json({"text": made}))
            return Answer(text=to_json(await self._functions.predict(values, self._asks)))
        except ArgumentsError as error:
            return refused(error)
        except PlatformError as error:
            return failure(error.status_code, error.message)
