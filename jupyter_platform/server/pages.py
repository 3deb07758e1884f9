"""Pages that the server renders itself, and what live pages fetch."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from jupyter_platform._version import __version__
from jupyter_platform.core.errors import InvalidRequestError, PlatformError
from jupyter_platform.server import live
from jupyter_platform.server.coordinator_link import CoordinatorLink
from jupyter_platform.server.handlers import (
    AUTH_RESOURCE,
    PlatformHandler,
    describe_error,
    require_permission,
    user_headers,
)

THEMES = ("light", "dark")
STATIC = Path(__file__).parent / "static"


@functools.cache
def environment() -> Environment:
    """Return the templates of our pages."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
    )


def bokeh_static_path() -> Path:
    """Return the folder of BokehJS, without the import of Bokeh, which takes a while."""
    spec = importlib.util.find_spec("bokeh")
    assert spec is not None, "Bokeh is a dependency"
    assert spec.submodule_search_locations, "Bokeh is a package"
    return Path(spec.submodule_search_locations[0]) / "server" / "static"


def chosen_theme(handler: JupyterHandler) -> str | None:
    """Return the theme that an address names, or None when it leaves that to the browser.

    Raises
    ------
    InvalidRequestError
        If there is no such theme. It would become part of the page.
    """
    theme = handler.get_query_argument("theme", None)
    if theme not in (None, *THEMES):
        raise InvalidRequestError(
            f"theme={theme[:50]!r} is unknown; accepted: {', '.join(THEMES)}."
        )
    return theme


class ErrorsAsPage(JupyterHandler):
    """A page for people: a request without login is redirected to the login."""

    auth_resource = AUTH_RESOURCE

    async def prepare(self, **kwargs: Any) -> None:
        """Let in who may read; `web.authenticated` leads all others to the login."""
        await super().prepare(**kwargs)
        if self.current_user is not None:
            await require_permission(self)

    def render_page(self, name: str, **values: Any) -> str:
        """Return one of our pages."""
        shared = {"base_url": self.base_url, "version": __version__, "theme": None}
        return environment().get_template(name).render(shared | values)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with a page that explains the error."""
        error = kwargs.get("exc_info", (None, None))[1]
        status, body = describe_error(error, status_code)
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(self.render_page("error.html", status=status, message=body["message"]))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log an error that is meant for a person as one line, a defect in full."""
        if isinstance(value, PlatformError):
            self.log.warning("%s: %s", self.request.path, value.message)
        else:
            super().log_exception(typ, value, tb)


class IndexHandler(ErrorsAsPage):
    """The first page: what there is to see."""

    def initialize(self, dashboards: list[Any], expect_dashboard: Callable[[], None]) -> None:
        """Take what to list, and whom to tell that one of them will be opened."""
        self._dashboards = dashboards
        self._expect_dashboard = expect_dashboard

    @web.authenticated
    async def get(self) -> None:
        """Write the list."""
        self._expect_dashboard()
        theme = chosen_theme(self)
        self.finish(self.render_page("index.html", dashboards=self._dashboards, theme=theme))


class JobPageHandler(ErrorsAsPage):
    """The address of a job without a query, to which Jupyter can append its token."""

    @web.authenticated
    async def get(self, job: str) -> None:
        """Lead to JupyterLab with the job in front."""
        self.redirect(f"{self.base_url}lab?job={job}")


class _LiveHandler(PlatformHandler):
    _track_activity = False

    """A page that only looks does not keep a server alive that is culled when idle."""

    def initialize(self, link: CoordinatorLink) -> None:
        """Take the way to the coordinator."""
        self._link = link

    async def _ask(self, path: str) -> Any:
        return await self._link.get(path, user_headers(self))


class PartHandler(_LiveHandler):
    """One text of a dashboard, as it is now."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """Write HTML."""
        html = await live.render_part(self._ask, name, self.base_url)
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(html)


class HostColumnsHandler(_LiveHandler):
    """A host's load, as the columns of a plot."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """Write the columns."""
        span = self.get_query_argument("span", "live")
        self.finish(await live.columns_of_host(self._ask, name, span))


class JobOutputHandler(_LiveHandler):
    """A job as an output of a notebook keeps it."""

    @web.authenticated
    async def get(self, job: str) -> None:
        """Write the MIME bundle."""
        self.finish(await live.output_of_job(self._ask, job))


class JobsOutputHandler(_LiveHandler):
    """A list of jobs as an output of a notebook keeps it."""

    @web.authenticated
    async def get(self) -> None:
        """Write the MIME bundle."""
        ids = [job for job in self.get_query_argument("ids").split(",") if job]
        total = self.get_query_argument("total", "")
        count = int(total) if total.isdecimal() else len(ids)
        self.finish(await live.output_of_jobs(self._ask, ids, count))


class FilesHandler(PlatformHandler, web.StaticFileHandler):
    """Scripts and styles of pages, with the access rules of the pages.

    An address with ``?v=<version>`` is cached by browsers for good.
    """

    _track_activity = False

    @web.authenticated
    async def head(self, path: str) -> None:  # type: ignore[override]
        """Say how large a file is."""
        await super().head(path)

    @web.authenticated
    async def get(self, path: str, include_body: bool = True) -> None:  # type: ignore[override]
        """Write a file."""
        await super().get(path, include_body)
