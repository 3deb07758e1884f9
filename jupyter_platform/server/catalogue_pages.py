"""The public catalogue: pages without login, kernel or JavaScript.

None of them asks the coordinator.
"""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated

from jupyter_platform.catalogue.documents import (
    FORMATS,
    DocumentFormat,
    metadata_document,
    provenance_document,
)
from jupyter_platform.catalogue.provenance import draw_provenance
from jupyter_platform.core.errors import ForbiddenError
from jupyter_platform.server.pages import STATIC, ErrorsAsPage, chosen_theme
from jupyter_platform.server.public_catalogue import (
    PublicCatalogue,
    describe_item,
    describe_list,
    describe_status,
    read_address,
)

PUBLIC_ROUTES = (
    r"/jupyter-platform/catalogue/?",
    r"/jupyter-platform/catalogue/items/([^/]+)",
    r"/jupyter-platform/catalogue/items/([^/]+)/(metadata|provenance)\.(json|jsonld|ttl)",
)
"""The routes that answer without login; there are no others."""
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
    "base-uri 'none'"
)
_SUFFIXES: dict[str, DocumentFormat] = {"json": "json", "jsonld": "json-ld", "ttl": "turtle"}


@functools.cache
def _style() -> str:
    return (Path(STATIC) / "catalogue.css").read_text(encoding="utf-8")


class _PublicPage(ErrorsAsPage):
    """A page for everybody, or for those who have logged in where the owner wants that."""

    _track_activity = False

    def initialize(self, catalogue: PublicCatalogue, is_public: bool) -> None:
        """Take what to show, and whether everybody may see it."""
        self._catalogue = catalogue
        self._is_public = is_public

    async def prepare(self, **kwargs: Any) -> None:
        """Let everybody in, unless that was switched off."""
        await super().prepare(**kwargs)
        self.set_header("Content-Security-Policy", POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        if not self._is_public and self.current_user is None:
            raise ForbiddenError("The catalogue of this server is shown after a login only.")

    def finish_page(self, template: str, **values: Any) -> None:
        """Write a page."""
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(self.render_page(template, style=_style(), **values))

    @property
    def _address(self) -> str:
        return f"{self.base_url}jupyter-platform/catalogue"


class CatalogueHandler(_PublicPage):
    """All items, searched and filtered by the address."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Write the list."""
        theme = chosen_theme(self)
        arguments = {name: self.get_query_arguments(name) for name in self.request.query_arguments}
        wanted = read_address(arguments, theme)
        page = await asyncio.to_thread(self._catalogue.search, wanted.query, wanted.offset)
        status = await asyncio.to_thread(self._catalogue.status)
        shown = describe_list(page, wanted)
        self.finish_page("catalogue.html", theme=theme, cluster=describe_status(status), **shown)


class CatalogueItemHandler(_PublicPage):
    """All of one item."""

    @allow_unauthenticated
    async def get(self, name: str) -> None:
        """Write the page of an item."""
        theme = chosen_theme(self)
        item = await asyncio.to_thread(self._catalogue.record, name)
        graph = None if item.provenance is None else draw_provenance(item.provenance)
        self.finish_page(
            "catalogue_item.html",
            theme=theme,
            here=f"{self._address}/items/{self.request.path.rpartition('/')[2]}",
            graph=graph,
            **describe_item(item, self._address),
        )


class CatalogueDocumentHandler(_PublicPage):
    """Metadata or provenance of an item, as a file."""

    @allow_unauthenticated
    async def get(self, name: str, kind: str, suffix: str) -> None:
        """Write the document."""
        item = await asyncio.to_thread(self._catalogue.record, name)
        make = metadata_document if kind == "metadata" else provenance_document
        document, media_type = make(item, FORMATS[_SUFFIXES[suffix]])
        self.set_header("Content-Type", f"{media_type}; charset=UTF-8")
        self.finish(document)
