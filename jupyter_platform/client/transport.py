"""HTTP to the coordinator: find it, start it, find it again, raise its errors."""

from __future__ import annotations

import json
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from jupyter_platform._version import __version__
from jupyter_platform.client.service_calls import SERVICES, service_error
from jupyter_platform.client.waiting import looks_on
from jupyter_platform.core.errors import (
    CoordinatorError,
    FieldError,
    InvalidRequestError,
    PlatformError,
    TakenDownError,
    UnavailableError,
    VersionMismatchError,
    from_dict,
)
from jupyter_platform.core.settings import Settings
from jupyter_platform.runtime.connection import (
    API_TOKEN_VARIABLE,
    API_URL_VARIABLE,
    PROTOCOL,
)
from jupyter_platform.runtime.launch import ensure_coordinator, find_coordinator
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import is_taken_down
from jupyter_platform.runtime.web_client import (
    PROXY_FAULTS,
    httpx,
    is_this_machine,
    proxy_problem,
)

ATTEMPTS = 3
"""Times that a request which may be repeated is tried."""

OnProgress = Callable[[str, float], None]


@dataclass(frozen=True)
class Endpoint:
    """Where a coordinator answers."""

    url: str
    """Without a slash at the end; routes begin with ``/api``."""
    token: str
    local: bool
    """Whether it was found through this machine's connection file."""


class Transport:
    """Requests to one coordinator.

    Parameters
    ----------
    url, token : str, optional
        A coordinator elsewhere. Without them the environment variables
        ``JUPYTER_PLATFORM_API_URL`` and ``JUPYTER_PLATFORM_API_TOKEN`` count, then this machine's
        connection file.
    start : bool
        Whether a local coordinator that is not there is started.
    settings : Settings, optional
        What a coordinator that is started here offers.
    on_progress : callable, optional
        Called with what is being done and the seconds since the start while one is started.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        start: bool = True,
        settings: Settings | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        self.paths = Paths.default()
        self._start = start
        self._settings = settings
        self._on_progress = on_progress
        self._remote = _remote_endpoint(url, token)
        self._endpoint: Endpoint | None = None
        self._client: httpx.Client | None = None
        self._lock = threading.RLock()

    @property
    def endpoint(self) -> Endpoint:
        """Where the coordinator answers; found, started and greeted on first use."""
        return self._connect()[0]

    @property
    def is_taken_down(self) -> bool:
        """Whether this machine's platform was taken down and has not been wanted since."""
        return (
            self._remote is None
            and not self.paths.connection_file.exists()
            and is_taken_down(self.paths)
        )

    def connect(self) -> None:
        """Find, start and greet the coordinator now, so that its errors come here."""
        self._connect()

    def close(self) -> None:
        """Give the connections back; the next request opens new ones."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self.rediscover()

    def rediscover(self, client: httpx.Client | None = None) -> None:
        """Look for the coordinator anew at the next request.

        With `client`, only if that one is still in use. It is not closed: another thread may be
        waiting for an answer over it.
        """
        with self._lock:
            if client is None or self._client is client:
                self._client = self._endpoint = None

    def get(self, path: str, **params: Any) -> Any:
        """Return the JSON answer of a GET; parameters that are None are left out.

        Parameters
        ----------
        path : str
            Path below the address of the coordinator.
        **params
            Query parameters.
        """
        return self.request("GET", path, params=params).json()

    def get_bytes(self, path: str) -> bytes:
        """Return the body of a GET."""
        return self.request("GET", path).content

    def request(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> httpx.Response:
        """Send a request and return its successful answer.

        Parameters
        ----------
        method, path : str
            Such as ``"GET"`` and ``"/api/jobs"``.
        params : dict, optional
            Query parameters; None values are left out.
        body : object, optional
            Sent as JSON.
        headers : dict, optional
            Further headers.
        repeatable : bool, optional
            Whether it may be sent again after the connection broke; by default GET and PUT.

        Raises
        ------
        PlatformError
            The coordinator's own error, or `UnavailableError` when nothing answers.
        """
        content = None if body is None else encode_json(body)
        extra = {"content-type": "application/json"} if content is not None else {}
        query = {key: value for key, value in (params or {}).items() if value is not None}
        if repeatable is None:
            repeatable = method in ("GET", "PUT")
        return self._repeat(
            lambda client: client.request(
                method, path, params=query, content=content, headers={**extra, **(headers or {})}
            ),
            repeatable,
        )

    def upload(
        self,
        path: str,
        chunks: Callable[[], Iterable[bytes]],
        params: dict[str, Any],
        method: str = "PUT",
    ) -> httpx.Response:
        """Send a file; a PUT is repeated when the connection breaks, a POST is not.

        Parameters
        ----------
        path : str
            Route of the coordinator.
        chunks : callable
            Returns the content in pieces; called once for each attempt.
        params : dict
            Query parameters; those of None are left out.
        method : str
            ``"PUT"`` or ``"POST"``.

        Raises
        ------
        PlatformError
            The error that the coordinator answers with.
        CoordinatorError
            If nothing answers.
        """
        query = {key: value for key, value in params.items() if value is not None}
        return self._repeat(
            lambda client: client.request(
                method, path, params=query, content=chunks(), timeout=600
            ),
            repeatable=method == "PUT",
        )

    def send(
        self,
        method: str,
        path: str,
        content: bytes,
        headers: dict[str, str] | None,
        timeout_s: float,
    ) -> bytes:
        """Send bytes as they are, once, and return the body of the answer.

        Parameters
        ----------
        method, path : str
            Such as ``"POST"`` and a route with its query.
        content : bytes
            Body of the request.
        headers : dict, optional
            Such as its content type.
        timeout_s : float
            Seconds to wait for the answer.

        Raises
        ------
        PlatformError
            The error that is answered, or `UnavailableError` when nothing answers.
        """
        return self._repeat(
            lambda client: client.request(
                method, path, content=content, headers=headers, timeout=timeout_s
            ),
            repeatable=method == "GET",
        ).content

    def stream(self, path: str, timeout_s: float = 60) -> Iterator[bytes]:
        """Yield the body of a GET in pieces, with a time limit for each piece.

        Parameters
        ----------
        path : str
            Route of the coordinator.
        timeout_s : float
            Seconds to wait for each piece.

        Raises
        ------
        PlatformError
            The error that the coordinator answers with.
        CoordinatorError
            If nothing answers.
        """
        endpoint, client = self._connect()
        try:
            with client.stream("GET", path, timeout=timeout_s) as response:
                if response.is_error:
                    response.read()
                _raise_for(response, endpoint)
                yield from response.iter_bytes()
        except httpx.TransportError as error:
            raise _no_answer(endpoint, error) from error

    def _repeat(
        self, send: Callable[[httpx.Client], httpx.Response], repeatable: bool
    ) -> httpx.Response:
        for attempt in range(1, ATTEMPTS + 1):
            endpoint, client = self._connect()
            try:
                response = send(client)
            except httpx.TransportError as error:
                self.rediscover(client)
                # A request that never got a connection has done nothing yet.
                unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if not (repeatable or unsent) or attempt == ATTEMPTS or not endpoint.local:
                    raise _no_answer(endpoint, error) from error
                time.sleep(0.1 * attempt)
                continue
            if response.status_code == 401 and endpoint.local and attempt < ATTEMPTS:
                # Another coordinator took the port over: read the connection file again.
                self.rediscover(client)
                continue
            _raise_for(response, endpoint)
            return response
        raise AssertionError("unreachable")

    def _connect(self) -> tuple[Endpoint, httpx.Client]:
        with self._lock:
            if self._endpoint is None or self._client is None:
                endpoint = self._remote or self._local_endpoint()
                client = _new_client(endpoint)
                try:
                    _check_version(endpoint, client)
                except BaseException:
                    client.close()
                    raise
                self._endpoint, self._client = endpoint, client
            return self._endpoint, self._client

    def _local_endpoint(self) -> Endpoint:
        if self._start and looks_on() and find_coordinator(self.paths) is None:
            raise TakenDownError(
                "The platform was taken down; jobs that were not stopped go on. `jupyter platform "
                "up` starts it again."
            )
        if self._start:
            connection = ensure_coordinator(
                self.paths, settings=self._settings, on_progress=self._on_progress
            )
        else:
            found = find_coordinator(self.paths, on_progress=self._on_progress)
            if found is None:
                raise CoordinatorError(
                    "The platform is not running; start it with `jupyter platform up`."
                )
            connection = found
        return Endpoint(connection.url.rstrip("/"), connection.token, local=True)


def encode_json(body: Any) -> bytes:
    """Return JSON text; NumPy scalars, paths and sets of numbers become plain values.

    Raises
    ------
    InvalidRequestError
        If a value has no JSON form.
    """
    try:
        return json.dumps(body, default=_plain, allow_nan=False).encode()
    except ValueError as error:
        raise InvalidRequestError(
            "NaN and infinity are no option values; give a finite number."
        ) from error


def _plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, range):
        return [value.start, value.stop] if value.step == 1 else list(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise InvalidRequestError(
        f"A value of type {type(value).__name__} cannot be sent; "
        "give text, a number, true or false, or a list of these.",
        errors=[FieldError(field="", value=repr(value)[:100], message="It has no JSON form.")],
    )


def _remote_endpoint(url: str | None, token: str | None) -> Endpoint | None:
    address = url or os.environ.get(API_URL_VARIABLE)
    if not address:
        return None
    if not _is_address(address):
        raise InvalidRequestError(
            f"{address!r} is no address of a coordinator; give one like "
            f"'https://lab.example.org:8443' as url or in {API_URL_VARIABLE}.",
            errors=[FieldError(field="url", value=address, message="Must be http(s)://host…")],
        )
    secret = token or os.environ.get(API_TOKEN_VARIABLE)
    if not secret:
        raise InvalidRequestError(
            f"The coordinator at {address} wants a token; give it as token or in "
            f"{API_TOKEN_VARIABLE}.",
            errors=[FieldError(field="token", message="Missing.")],
        )
    if not (secret.isascii() and secret.isprintable() and " " not in secret):
        raise InvalidRequestError(
            f"The token for {address} holds a blank, a control character or a letter that is not "
            f"ASCII; give it as it was given out, as token or in {API_TOKEN_VARIABLE}.",
            errors=[FieldError(field="token", message="Only visible ASCII characters.")],
        )
    return Endpoint(address.rstrip("/"), secret, local=False)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        httpx.URL(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (ValueError, httpx.InvalidURL):
        return False


def _new_client(endpoint: Endpoint) -> httpx.Client:
    try:
        return _client(endpoint)
    except PROXY_FAULTS as error:
        raise CoordinatorError(proxy_problem(endpoint.url, error)) from error


def _client(endpoint: Endpoint) -> httpx.Client:
    is_plain = endpoint.url.startswith("http://")
    return httpx.Client(
        base_url=endpoint.url,
        # Without TLS there is nobody to trust, and reading whom to trust takes 20 ms.
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if is_plain else True,
        headers={
            "authorization": f"Bearer {endpoint.token}",
            "user-agent": f"jupyter-platform/{__version__}",
        },
        timeout=httpx.Timeout(60, connect=5),
        # A proxy must never get between us and this machine.
        trust_env=not (endpoint.local or is_this_machine(endpoint.url)),
    )


def _check_version(endpoint: Endpoint, client: httpx.Client) -> None:
    try:
        response = client.get("/api/version")
    except httpx.TransportError as error:
        raise _no_answer(endpoint, error) from error
    _raise_for(response, endpoint)
    answer = response.json()
    if not isinstance(answer, dict) or "protocol" not in answer:
        raise CoordinatorError(f"What answers at {endpoint.url} is no jupyter-platform.")
    if answer["protocol"] != PROTOCOL:
        cure = (
            "Restart it: `jupyter platform down`, then `jupyter platform up`."
            if endpoint.local
            else "Install the same version on both sides."
        )
        raise VersionMismatchError(
            f"The coordinator at {endpoint.url} is version {answer.get('version')} "
            f"(protocol {answer['protocol']}), this is version {__version__} "
            f"(protocol {PROTOCOL}). {cure}"
        )


def _raise_for(response: httpx.Response, endpoint: Endpoint) -> None:
    if response.is_success:
        return
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if isinstance(answer, dict) and "code" in answer:
        raise from_dict(answer)
    if SERVICES in response.request.url.path:
        raise service_error(response.status_code, answer, response.text)
    if response.status_code in (502, 503, 504):
        raise UnavailableError(f"{endpoint.url} answers {response.status_code}: try again later.")
    raise PlatformError(
        f"{endpoint.url} answers {response.status_code} {response.reason_phrase} to "
        f"{response.request.method} {response.request.url.path}; is it a jupyter-platform?"
    )


def _no_answer(endpoint: Endpoint, error: Exception) -> CoordinatorError:
    where = "this machine's coordinator" if endpoint.local else "the coordinator"
    detail = str(error) or type(error).__name__
    advice = (
        "see `jupyter platform doctor`."
        if endpoint.local
        else f"is the address right ({API_URL_VARIABLE}), and does it run?"
    )
    return CoordinatorError(f"No answer from {where} at {endpoint.url} ({detail}); {advice}")
