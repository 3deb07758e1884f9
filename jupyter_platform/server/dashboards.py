"""The dashboards: the package's notebooks, shown by Voila, independent of the server's folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import CodeType
from typing import Any

import nbformat
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.filemanager import AsyncFileContentsManager
from tornado import web
from traitlets.config import Config
from voila.configuration import VoilaConfiguration
from voila.handler import BaseVoilaHandler
from voila.notebook_renderer import NotebookRenderer
from voila.paths import collect_template_paths
from voila.utils import get_page_config

import jupyter_platform
from jupyter_platform._version import __version__
from jupyter_platform.core.errors import NotFoundError, UnavailableError, nearest
from jupyter_platform.server.kernels import DashboardKernels, ReadyKernel
from jupyter_platform.server.pages import ErrorsAsPage, chosen_theme

FOLDER = "voila_dashboards"
TEMPLATES = Path(__file__).parent / "templates"
BASE_TEMPLATE = "lab"
PAGE_OPTION = "jupyterPlatformDashboards"
"""Where the labextension looks for them in the configuration of its page."""
EXTENSIONS = frozenset(
    {"@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget"}
)
"""Extensions of JupyterLab that pages with widgets load: what shows ipywidgets, and those of ours
that have a front end of their own."""


@dataclass(frozen=True, slots=True)
class DashboardInfo:
    """What the index says of a dashboard."""

    name: str
    title: str
    description: str
    widgets: bool
    """Whether the page has widgets, and so needs its kernel for as long as it is open."""


def locate_dashboards() -> Path:
    """Return the folder of the notebooks: in the package, or beside it in a checkout.

    Raises
    ------
    NotFoundError
        If the installation is damaged.
    """
    package = Path(jupyter_platform.__file__).parent
    for folder in (package / FOLDER, package.parent / FOLDER):
        if any(folder.glob("*.ipynb")):
            return folder
    raise NotFoundError(
        f"The dashboards are missing: there is no notebook in {package / FOLDER}. "
        "Install jupyter-platform again."
    )


def list_dashboards() -> list[DashboardInfo]:
    """Return all dashboards, in the order in which they are offered."""
    found = []
    for path in locate_dashboards().glob("*.ipynb"):
        about = json.loads(path.read_text(encoding="utf-8"))["metadata"]["jupyter_platform"]
        info = DashboardInfo(
            path.stem, about["title"], about["description"], about.get("widgets", False)
        )
        found.append((about["order"], info))
    return [info for _, info in sorted(found, key=lambda item: item[0])]


def told_to_page(dashboards: Sequence[DashboardInfo]) -> str:
    """Return what JupyterLab's page is told of the dashboards, as JSON.

    Those with widgets are panels there, which have a kernel of their own.
    """
    return json.dumps(
        [
            {"name": item.name, "title": item.title, "description": item.description}
            for item in dashboards
            if not item.widgets
        ]
    )


def dashboard(name: str) -> DashboardInfo:
    """Return one dashboard.

    Raises
    ------
    NotFoundError
        If there is none of that name.
    """
    known = {info.name: info for info in list_dashboards()}
    if name not in known:
        near = nearest(name, known)
        hint = f" Did you mean {near!r}?" if near else ""
        raise NotFoundError(f"No dashboard is named {name!r}.{hint} There are: {', '.join(known)}.")
    return known[name]


def voila_options(serverapp: ServerApp, kernels: DashboardKernels) -> dict[str, Any]:
    """Return the arguments of `DashboardHandler`."""
    root = str(locate_dashboards())
    # What a person set for notebooks of their own is not meant for ours.
    resources = {"platform_version": __version__, "bokeh_version": version("bokeh")}
    configuration = VoilaConfiguration(
        config=Config({"VoilaConfiguration": {"resources": resources}}),
        template=BASE_TEMPLATE,
        allow_template_override="NO",
        allow_theme_override="YES",
        prelaunch_hook=set_parameters,
    )
    return {
        "voila_configuration": configuration,
        "template_paths": [
            str(TEMPLATES / "voila"),
            *collect_template_paths(["voila", "nbconvert"], BASE_TEMPLATE),
        ],
        "dashboards": AsyncFileContentsManager(parent=serverapp, root_dir=root),
        "kernels": kernels,
    }


def set_parameters(
    handler: DashboardHandler, notebook: nbformat.NotebookNode, cwd: str
) -> nbformat.NotebookNode:
    """Write the parameters of a page into its notebook, in the cell tagged ``parameters``.

    A warm kernel was started before it was known, so the environment cannot say it.
    """
    (cell,) = (item for item in notebook.cells if "parameters" in item.metadata.get("tags", []))
    cell.source = f"theme = {handler.theme!r}\nbase_url = {handler.base_url!r}"
    return notebook


class CompiledTemplates(BytecodeCache):
    """The compiled templates of all pages: Voila makes an environment of templates for each."""

    def __init__(self) -> None:
        self._compiled: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket with what was compiled from the same source."""
        checksum, code = self._compiled.get(bucket.key, ("", None))
        if code is not None and checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what a bucket holds."""
        assert bucket.code is not None, "Jinja keeps what it has compiled"
        self._compiled[bucket.key] = (bucket.checksum, bucket.code)


class PageRenderer(NotebookRenderer):  # type: ignore[misc]  # untyped
    """Voila's renderer, with templates that are compiled once."""

    compiled = CompiledTemplates()

    async def initialize(self, **options: Any) -> None:
        """Read the notebook and choose the templates."""
        await super().initialize(**options)
        self.exporter.environment.bytecode_cache = self.compiled

    def generate(self, kernel: Awaitable[ReadyKernel]) -> AsyncIterator[tuple[str, Any]]:
        """Yield the page piece by piece; the first comes before the kernel is there."""
        return self.generate_content_generator(None, kernel)  # type: ignore[no-any-return]

    async def _jinja_kernel_start(
        self, nb: nbformat.NotebookNode, kernel_id: None, kernel_future: Awaitable[ReadyKernel]
    ) -> str:
        kernel = await kernel_future
        await super()._jinja_kernel_start(nb, kernel.id, kernel)
        return kernel.id


async def with_signs_of_life(
    pieces: AsyncIterator[tuple[str, Any]], every_s: float = 10.0
) -> AsyncIterator[str]:
    """Yield the pieces of a page, and a comment where a proxy might tire of waiting for one."""
    while True:
        following = asyncio.ensure_future(anext(pieces, None))
        while not (await asyncio.wait({following}, timeout=every_s))[0]:
            yield "<!-- -->"
        piece = following.result()
        if piece is None:
            return
        yield piece[0]


class DashboardHandler(ErrorsAsPage, BaseVoilaHandler):  # type: ignore[misc]  # untyped
    """One dashboard, in the theme that its address names."""

    def initialize(
        self,
        dashboards: AsyncFileContentsManager,
        kernels: DashboardKernels,
        template_paths: list[str],
        **options: Any,
    ) -> None:
        """Take notebooks and kernels from elsewhere than Voila would."""
        super().initialize(**options)
        self._template_paths = template_paths
        self._dashboards = dashboards
        self._kernels = kernels
        self.theme = "light"

    @web.authenticated
    async def get(self, name: str) -> None:
        """Write the page as the notebook runs."""
        info = dashboard(name)
        if "voila_jinja2_env" not in self.settings:
            raise UnavailableError(
                "Dashboards need Voila, which is disabled in this Jupyter server. Run "
                "'jupyter server extension enable voila' and start the server again."
            )
        theme = chosen_theme(self)
        if theme is None:
            self._kernels.prepare()
            self.finish(self.render_page("choose_theme.html", title=info.title))
            return
        self.theme = theme
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.set_header("Cache-Control", "no-store")
        renderer = self._renderer(info)
        await renderer.initialize(theme=theme)
        async with AsyncExitStack() as stack:
            kernel = stack.enter_async_context(self._kernels.lend(keep=info.widgets))
            async for html in with_signs_of_life(renderer.generate(kernel)):
                self.write(html)
                self.flush()

    def _renderer(self, info: DashboardInfo) -> PageRenderer:
        page_config: dict[str, Any] = {}
        if info.widgets:
            found = get_page_config(
                self.base_url, self.settings, self.log, self.voila_configuration
            )
            extensions = [
                item for item in found["federated_extensions"] if item["name"] in EXTENSIONS
            ]
            page_config = found | {"federated_extensions": extensions, "fullMathjaxUrl": ""}
        return PageRenderer(
            request_handler=self,
            voila_configuration=self.voila_configuration,
            traitlet_config=Config(),
            notebook_path=f"{info.name}.ipynb",
            template_paths=self._template_paths,
            config_manager=self.config_manager,
            contents_manager=self._dashboards,
            base_url=self.base_url,
            kernel_spec_manager=self.kernel_spec_manager,
            page_config=page_config,
            mathjax_url="",
            mathjax_config="",
        )
