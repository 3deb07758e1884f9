"""A service: its models, how busy it is, whether it runs the code that lies on the disk."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator

from jupyter_platform._version import __version__
from jupyter_platform.core.errors import NotFoundError, PlatformError, UnavailableError, nearest
from jupyter_platform.core.inference import (
    CodeState,
    Method,
    MethodDescription,
    ModelDescription,
    ServiceDescription,
    ServiceHealth,
)
from jupyter_platform.serving.models import Model, Predicting
from jupyter_platform.serving.settings import ServiceSettings
from jupyter_platform.serving.workers.sources import changed

log = logging.getLogger(__name__)


class Service:
    """What the routes answer from.

    Parameters
    ----------
    settings : ServiceSettings
        What the service was started with.
    models : sequence of Model
        What it offers.
    """

    def __init__(self, settings: ServiceSettings, models: list[Model]) -> None:
        self.settings = settings
        self._models = models
        self._by_name: dict[str, Model] = {}
        self._state: ServiceHealth = ServiceHealth(
            state="loading", text="The model is being made ready."
        )
        self._busy = 0
        self._calls = 0
        self._since = time.monotonic()
        self._loaded = time.time()

    async def start(self) -> None:
        """Make the models ready; a fault is told by `health` and `failed`."""
        try:
            await asyncio.gather(*(model.start() for model in self._models))
            self._name()
        except PlatformError as error:
            log.error("%s", error.message)  # noqa: TRY400 - the sentence tells all
            self._state = ServiceHealth(state="failed", text=error.message)
            return
        self._state = ServiceHealth(state="ready")
        self._since = time.monotonic()
        log.info("Ready: %s.", ", ".join(self._by_name))

    async def restart(self) -> None:
        """Read the code of the models anew.

        Raises
        ------
        UnavailableError
            If it cannot be loaded; the service goes on with the code that it has.
        """
        self.require_ready()
        loaded = time.time()
        for model in self._models:
            await model.restart()
        self._name()
        self._loaded = loaded

    async def close(self) -> None:
        """Give back all that the models hold."""
        await asyncio.gather(*(model.close() for model in self._models))

    def require_ready(self) -> None:
        """Raise `UnavailableError` until the models are ready."""
        if self._state.state != "ready":
            raise UnavailableError(self._state.text)

    @property
    def failed(self) -> bool:
        """Whether the models cannot be made ready."""
        return self._state.state == "failed"

    @property
    def models(self) -> dict[str, Model]:
        """The models by their names in paths.

        Raises
        ------
        UnavailableError
            Until they are ready.
        """
        self.require_ready()
        return self._by_name

    def model(self, name: str) -> Model:
        """Return the model of a name.

        Raises
        ------
        NotFoundError
            If there is none.
        UnavailableError
            Until the models are ready.
        """
        models = self.models
        if name not in models:
            near = nearest(name, models)
            hint = f" Did you mean {near!r}?" if near else ""
            raise NotFoundError(f"There is no model {name!r}.{hint} Models: {', '.join(models)}.")
        return models[name]

    @contextlib.contextmanager
    def activity(self) -> Iterator[None]:
        """Count a call for as long as it is answered."""
        self._busy += 1
        self._calls += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._since = time.monotonic()

    @property
    def predicting(self) -> Predicting | None:
        """What answers ``POST predict``; None where only the contract of DEEPaaS is offered."""
        return next((item.predicting for item in self._models if item.predicting), None)

    @property
    def calls(self) -> int:
        """Calls since the start."""
        return self._calls

    def health(self) -> ServiceHealth:
        """Return how the service does."""
        trainings = sum(model.trainings.running for model in self._models)
        is_idle = not self._busy and not trainings
        if trainings:
            self._since = time.monotonic()
        return self._state.model_copy(
            update={
                "busy": self._busy,
                "trainings": trainings,
                "idle_s": time.monotonic() - self._since if is_idle else 0.0,
            }
        )

    def describe(self) -> ServiceDescription:
        """Return all that a form needs to call the service.

        Raises
        ------
        UnavailableError
            Until the models are ready.
        """
        return ServiceDescription(
            version=__version__,
            base_url=self.settings.base_url,
            models=[self._offered(model.description) for model in self.models.values()],
            batching=self.predicting is not None,
            code=self.code(),
        )

    def code(self) -> CodeState:
        """Return when the code was read, and which of its files were edited since."""
        found = [file for model in self.models.values() for file in changed(model.sources)]
        return CodeState(loaded=self._loaded, changed=found)

    def _offered(self, description: ModelDescription) -> ModelDescription:
        """Return a description that tells which functions this service offers."""

        def offered(method: Method, told: MethodDescription) -> MethodDescription:
            return told.model_copy(update={"enabled": self.settings.is_enabled(method)})

        return description.model_copy(
            update={
                "predict": offered("predict", description.predict),
                "train": offered("train", description.train),
            }
        )

    def _name(self) -> None:
        self._by_name = {model.description.name: model for model in self._models}
