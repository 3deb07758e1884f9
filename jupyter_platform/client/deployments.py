"""Deployments, seen from a client: items of the marketplace that run and answer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jupyter_platform.client.listing import Listing
from jupyter_platform.client.log_reader import LogReader
from jupyter_platform.client.service_calls import multipart, told
from jupyter_platform.client.snippets import api_snippets
from jupyter_platform.client.transport import Transport, encode_json
from jupyter_platform.client.waiting import polled
from jupyter_platform.core.deployments import (
    ConfigurationDocument,
    DeploymentCheck,
    DeploymentPage,
    DeploymentRecord,
    DeploymentState,
)
from jupyter_platform.core.errors import (
    ConflictError,
    InvalidRequestError,
    JobFailedError,
    NotFoundError,
)
from jupyter_platform.core.inference import ServiceDescription
from jupyter_platform.core.jobs import LogChunk
from jupyter_platform.core.recipes import Purpose, ServiceName

LOG_CHUNK = 1_000_000
"""Bytes of a log that are asked for at once."""
PAGE = 200
"""Deployments that are asked for at once."""
PREDICT_TIMEOUT_S = 300.0
COLUMNS = ("id", "title", "item", "state", "service", "gpus", "created", "host")


class Deployment:
    """A deployment: what it is, whether it answers, and what it answers.

    Made by `Platform.deploy`, `Platform.deployment` and `Platform.deployments`.
    """

    def __init__(self, transport: Transport, record: DeploymentRecord) -> None:
        self._transport = transport
        self._record = record

    @property
    def record(self) -> DeploymentRecord:
        """The record as it was last read; `refresh` reads it again."""
        return self._record

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits."""
        return self._record.id

    @property
    def title(self) -> str:
        """Title for people; need not be unique."""
        return self._record.title

    @property
    def state(self) -> DeploymentState:
        """State now, asked of the coordinator."""
        return self.refresh().record.state

    def refresh(self) -> Deployment:
        """Read the record again and return the deployment itself."""
        self._record = _record(self._transport.request("GET", self._path()).content)
        return self

    def wait_ready(self, timeout: float | None = None) -> Deployment:
        """Wait until the main service answers, and return the deployment itself.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits as long as it takes.

        Raises
        ------
        JobFailedError
            If it ends instead.
        TimeoutError
            If it does not answer in time; it goes on.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        for _ in polled(self.refresh, deadline=deadline):
            record = self._record
            main = [end for end in record.endpoints if end.service == record.service]
            if record.state == DeploymentState.RUNNING and any(end.alive for end in main):
                break
            if record.state.has_ended:
                why = "." if record.error is None else f": {record.error.message}"
                raise JobFailedError(f"{self._named()} is {record.state}{why}")
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError(
                    f"{self._named()} does not answer after {timeout:g} s ({record.state}"
                    f"{f': {record.reason}' if record.reason else ''}); it goes on."
                )
        return self

    def stop(self) -> Deployment:
        """Give back what it holds; `start` brings it back with the same configuration."""
        self._record = _record(self._post("/stop"))
        return self

    def start(self) -> Deployment:
        """Start a deployment again that has ended.

        Raises
        ------
        ConflictError
            If it has not ended.
        """
        self._record = _record(self._post("/start"))
        return self

    def delete(self) -> None:
        """End it and remove all that is left of it; the second time, without waiting for it."""
        self._transport.request("DELETE", self._path())

    def log(self, tail: int | None = None) -> str:
        """Return what its processes printed.

        Parameters
        ----------
        tail : int, optional
            Only the last so many bytes.
        """
        reader = LogReader(self._log_chunk, 0 if tail is None else -max(int(tail), 1))
        texts = []
        while True:
            chunk = reader.read()
            texts.append(chunk.text)
            if chunk.complete or chunk.next_offset >= chunk.size or not chunk.text:
                return "".join(texts)

    def follow_log(self, tail: int | None = None, *, pause_s: float = 0.5) -> Iterator[str]:
        """Yield what its processes print, until it has ended.

        Parameters
        ----------
        tail : int, optional
            Begin with the last so many bytes, not at the front.
        pause_s : float
            Seconds between two questions, at most.
        """
        reader = LogReader(self._log_chunk, 0 if tail is None else -max(int(tail), 1))
        for chunk in polled(reader.read, longest_pause_s=pause_s):
            if chunk.text:
                yield chunk.text
            if chunk.complete:
                return

    def predict(self, x: Any = None, **arguments: Any) -> Any:
        """Return the answer of its inference API.

        Parameters
        ----------
        x : array or list, optional
            A sample or a batch of samples, of a deployed network: the answer holds ``outputs``,
            and of a classifier ``predicted`` and ``probabilities``.
        **arguments
            Arguments of the item's ``predict``. Where it wants a file, a path stands for it.

        Raises
        ------
        ConflictError
            If it does not answer now, or has no inference API.
        InvalidRequestError
            If the API refuses an argument, or a file cannot be read.
        """
        if x is not None:
            body = encode_json({"inputs": x})
            answer = self.call("api", "POST", "predict", content=body, kind="application/json")
            return json.loads(answer)
        model, wanted = self._model()
        path = f"v2/models/{quote(model, safe='')}/predict/"
        files = {
            name: Path(value)
            for name, value in arguments.items()
            if isinstance(value, Path) or (name in wanted and isinstance(value, str))
        }
        plain = {name: value for name, value in arguments.items() if name not in files}
        query = f"?{urlencode([(name, text) for name in plain for text in told(plain[name])])}"
        content, kind = multipart(files) if files else (b"", None)
        answer = self.call("api", "POST", path + query, content=content, kind=kind)
        try:
            return json.loads(answer)
        except ValueError:
            return answer

    def description(self) -> ServiceDescription:
        """Return what its inference API says of itself: models, arguments, answers.

        Raises
        ------
        ConflictError
            If it does not answer now, or has no inference API.
        """
        return ServiceDescription.model_validate_json(self.call("api", "GET", "description"))

    def _model(self) -> tuple[str, set[str]]:
        """Return its first model, and which arguments of that are files, as far as it tells."""
        try:
            model = self.description().models[0]
        except InvalidRequestError:
            # DEEPaaS itself, in a container, has no such route.
            models = json.loads(self.call("api", "GET", "v2/models/"))["models"]
            return str(models[0]["id"]), set()
        return model.name, {item.name for item in model.predict.arguments if item.kind == "file"}

    def call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        content: bytes = b"",
        kind: str | None = None,
    ) -> bytes:
        """Send a request to one of its services, and return the body of the answer.

        Parameters
        ----------
        service : str
            ``api``, ``ide``, ``monitor``, ``ui`` or ``custom``.
        method, path : str
            Such as ``"GET"`` and ``"v2/models/"``, below the service's own root.
        content : bytes
            Body of the request.
        kind : str, optional
            Content type of that body.

        Raises
        ------
        PlatformError
            If the service does not answer, or answers an error.
        """
        address = self._path(f"/services/{quote(service, safe='')}/{path}")
        headers = {"content-type": kind} if kind else None
        return self._transport.send(method, address, content, headers, PREDICT_TIMEOUT_S)

    def url(self, service: ServiceName | None = None) -> str:
        """Return the address of a service below the base URL of a Jupyter server.

        Parameters
        ----------
        service : str, optional
            The main service when absent.

        Raises
        ------
        NotFoundError
            If it has no such service.
        """
        wanted = service or self._record.service
        for end in self._record.endpoints:
            if end.service == wanted:
                return end.path
        has = ", ".join(end.service for end in self._record.endpoints) or "none"
        raise NotFoundError(f"{self._named()} has no service {wanted!r}; it has: {has}.")

    def snippets(self, base_url: str = "https://jupyter.example.org/") -> dict[str, str]:
        """Return code that calls its inference API, by ``curl`` and ``python``.

        Parameters
        ----------
        base_url : str
            Address of the Jupyter server that it is called through.
        """
        return api_snippets(self._record, base_url)

    def _log_chunk(self, offset: int) -> LogChunk:
        answer = self._transport.get(self._path("/log"), offset=offset, limit=LOG_CHUNK)
        return LogChunk.model_validate(answer)

    def _post(self, what: str) -> bytes:
        return self._transport.request("POST", self._path(what), repeatable=True).content

    def _path(self, rest: str = "") -> str:
        return f"/api/deployments/{self.id}{rest}"

    def _named(self) -> str:
        return f"Deployment {self.title!r} ({self.id})"

    def __repr__(self) -> str:
        record = self._record
        return f"<Deployment {self.id} {self.title!r} of {record.item}: {record.state}>"


class Deploying:
    """The part of a client that knows deployments."""

    _transport: Transport

    def configuration(self, item: str, purpose: Purpose = "infer") -> ConfigurationDocument:
        """Return what may be configured about a deployment of an item.

        Parameters
        ----------
        item : str
            Name of the item.
        purpose : str
            ``infer``, ``retrain`` or ``develop``.

        Raises
        ------
        NotFoundError
            If there is no such item.
        """
        path = f"/api/marketplace/items/{quote(item, safe='')}/configuration"
        return ConfigurationDocument.model_validate(self._transport.get(path, purpose=purpose))

    def deploy(
        self,
        item: str,
        *,
        purpose: Purpose = "infer",
        title: str | None = None,
        description: str = "",
        network: str | None = None,
        tag: str | None = None,
        **configuration: Any,
    ) -> Deployment:
        """Start a deployment of an item; it is on disk when this returns.

        Parameters
        ----------
        item : str
            Name of the item in the marketplace.
        purpose : str
            ``infer``, ``retrain`` or ``develop``.
        title, description : str, optional
            For people.
        network, tag : str, optional
            What it serves, for items that serve a network of the repository.
        **configuration
            Values that differ from the defaults of `configuration`: ``cpu_num=2``,
            ``service="ide"``.

        Raises
        ------
        OptionError
            If a value is refused; each field is named with what would be accepted.
        """
        body = _request(item, purpose, title, description, network, tag, configuration)
        answer = self._transport.request("POST", "/api/deployments", body=body)
        return Deployment(self._transport, _record(answer.content))

    def check_deployment(
        self,
        item: str,
        *,
        purpose: Purpose = "infer",
        title: str | None = None,
        description: str = "",
        network: str | None = None,
        tag: str | None = None,
        **configuration: Any,
    ) -> DeploymentCheck:
        """Say what would become of `deploy` with the same arguments.

        Parameters
        ----------
        item : str
            Name of the item.
        purpose : Purpose, optional
            What it is for.
        title : str, optional
            What people call it.
        description : str, optional
            What it is for, in words.
        network : str, optional
            Network to serve.
        tag : str, optional
            Weights of it.
        **configuration
            Fields of its configuration.
        """
        body = _request(item, purpose, title, description, network, tag, configuration)
        answer = self._transport.request("POST", "/api/deployments/check", body=body)
        return DeploymentCheck.model_validate_json(answer.content)

    def try_item(self, item: str) -> Deployment:
        """Start a trial of an item: its page for ten minutes, then it is gone."""
        answer = self._transport.request("POST", "/api/deployments/try", body={"item": item})
        return Deployment(self._transport, _record(answer.content))

    def deployments(
        self,
        state: str | Sequence[str] | None = None,
        *,
        kind: str | None = None,
        text: str | None = None,
        limit: int | None = 50,
    ) -> Listing[Deployment]:
        """Return your deployments, newest first.

        Parameters
        ----------
        state : str or sequence of str, optional
            Only in these states.
        kind : str, optional
            ``module``, ``tool`` or ``try``.
        text : str, optional
            Only with this text in title, item or id.
        limit : int, optional
            How many at most; None for all.
        """
        states = state if isinstance(state, str) or state is None else ",".join(state)
        found: list[Deployment] = []
        while True:
            wanted = PAGE if limit is None else min(PAGE, limit - len(found))
            params = {"state": states, "kind": kind, "text": text, "limit": wanted}
            params["offset"] = len(found)
            content = self._transport.request("GET", "/api/deployments", params=params).content
            page = DeploymentPage.model_validate_json(content)
            found += [Deployment(self._transport, record) for record in page.items]
            done = limit is not None and len(found) >= limit
            if done or not page.items or len(found) >= page.total:
                return Listing(found, COLUMNS, _row, total=page.total)

    def deployment(self, reference: str) -> Deployment:
        """Return a deployment by its id, its uuid, the beginning of its id, or its title.

        Raises
        ------
        NotFoundError
            If there is none.
        AmbiguousNameError
            If several begin so.
        ConflictError
            If several have that title.
        """
        try:
            path = f"/api/deployments/{quote(reference, safe='')}"
            record = _record(self._transport.request("GET", path).content)
        except NotFoundError:
            named = [one for one in self.deployments(text=reference) if one.title == reference]
            if len(named) > 1:
                ids = ", ".join(one.id for one in named)
                message = f"Several deployments have the title {reference!r}; give an id: {ids}."
                raise ConflictError(message) from None
            if not named:
                raise
            record = named[0].record
        return Deployment(self._transport, record)


def _request(
    item: str,
    purpose: Purpose,
    title: str | None,
    description: str,
    network: str | None,
    tag: str | None,
    configuration: dict[str, Any],
) -> dict[str, Any]:
    return {
        "item": item,
        "purpose": purpose,
        "title": title,
        "description": description,
        "network": network,
        "tag": tag,
        "configuration": configuration,
    }


def _record(content: bytes) -> DeploymentRecord:
    return DeploymentRecord.model_validate_json(content)


def _row(deployment: Deployment) -> Sequence[str]:
    one = deployment.record
    created = f"{one.created:%Y-%m-%d %H:%M}"
    gpus = str(one.resources_asked.gpus)
    return one.id, one.title, one.item, one.state, one.service, gpus, created, one.host or ""
