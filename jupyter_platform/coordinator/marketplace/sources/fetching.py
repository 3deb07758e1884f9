"""JSON from addresses of the settings, with bounds on size and time."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlsplit

from jupyter_platform.coordinator.marketplace.sources.base import SourceError
from jupyter_platform.runtime.web_client import PROXY_FAULTS, httpx, proxy_problem

WITHIN_S = 30.0
"""Seconds for one answer, from the question to its last byte."""
MOST_BYTES = 20_000_000
_SHOWN = 200


def web_address(text: str) -> str:
    """Return an address of the web.

    Raises
    ------
    SourceError
        If it is none, or holds a password.
    """
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceError(f"{text!r} is no http or https address.")
    if parts.password:
        raise SourceError("The address holds a password, which everybody would see; leave it out.")
    return text


class Fetcher:
    """Asks servers for JSON; follows redirects on the same host alone."""

    def __init__(self) -> None:
        self._client: httpx.Client | None = None

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()

    def json(self, url: str) -> Any:
        """Return the JSON at an address.

        Raises
        ------
        SourceError
            If nothing answers, or something else, or too much.
        """
        try:
            data = self._body(url)
        except httpx.HTTPError as error:
            raise SourceError(
                f"{url} does not answer: {str(error) or type(error).__name__}."
            ) from error
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{url} answers no JSON.") from error

    def _body(self, url: str, redirects: int = 3) -> bytes:
        client = self._opened(url)
        deadline, data = time.monotonic() + WITHIN_S, bytearray()
        with client.stream("GET", url, headers={"Accept": "application/json"}) as response:
            target = response.headers.get("location")
            if response.is_redirect and target:
                return self._body(_same_host(url, target, redirects), redirects - 1)
            if response.status_code != 200:
                raise SourceError(f"{url[:_SHOWN]} answers {response.status_code}.")
            for piece in response.iter_bytes():
                data += piece
                if len(data) > MOST_BYTES:
                    raise SourceError(f"{url[:_SHOWN]} answers more than {MOST_BYTES:,} bytes.")
                if time.monotonic() > deadline:
                    raise SourceError(f"{url[:_SHOWN]} took more than {WITHIN_S:g} s.")
        return bytes(data)

    def _opened(self, url: str) -> httpx.Client:
        if self._client is None:
            try:
                self._client = httpx.Client(timeout=WITHIN_S)
            except PROXY_FAULTS as error:
                raise SourceError(proxy_problem(url, error)) from error
        return self._client


def _same_host(url: str, target: str, redirects: int) -> str:
    leads_to = str(httpx.URL(url).join(target))
    if redirects == 0 or urlsplit(leads_to).hostname != urlsplit(url).hostname:
        raise SourceError(
            f"{url[:_SHOWN]} redirects to {leads_to[:_SHOWN]}, which is not followed."
        )
    return leads_to
