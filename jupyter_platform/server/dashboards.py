"""The dashboards: notebooks of ours that Voila shows, whatever folder the server was started in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.filemanager import AsyncFileContentsManager
from tornado import web
from traitlets.config import Config
from voila.configuration import VoilaConfiguration
from voila.paths import collect_template_paths
from voila.tornado.handler import TornadoVoilaHandler

import jupyter_platform
from jupyter_platform._version import __version__
from jupyter_platform.core.errors import NotFoundError, UnavailableError, nearest
from jupyter_platform.server.kernels import DashboardKernels, PageKernel
from jupyter_platform.server.pages import ErrorsAsPage, chosen_theme

FOLDER = "voila_dashboards"
TEMPLATES = Path(__file__).parent / "templates"
BASE_TEMPLATE = "lab"
EXTENSIONS = frozenset(
    {"@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8"}
)


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
    """Return what `DashboardHandler` needs."""
    root = str(locate_dashboards())
    # What a person set for notebooks of their own is not meant for ours.
    resources = {"platform_version": __version__, "bokeh_version": version("bokeh")}
    configuration = VoilaConfiguration(
        config=Config({"VoilaConfiguration": {"resources": resources}}),
        template=BASE_TEMPLATE,
        allow_template_override="NO",
        allow_theme_override="YES",
        prelaunch_hook=add_parameters,
        page_config_hook=choose_extensions,
    )
    return {
        "config": Config(),
        "voila_configuration": configuration,
        "template_paths": [
            str(TEMPLATES / "voila"),
            *collect_template_paths(["voila", "nbconvert"], BASE_TEMPLATE),
        ],
        "dashboards": AsyncFileContentsManager(parent=serverapp, root_dir=root),
        "kernels": kernels,
    }


def add_parameters(
    handler: DashboardHandler, notebook: nbformat.NotebookNode, cwd: str
) -> nbformat.NotebookNode:
    """Tell a notebook what its page asked for, in a cell behind the one tagged ``parameters``.

    A warm kernel was started before it was known, so the environment cannot say it.
    """
    source = f"theme = {handler.theme!r}\nbase_url = {handler.base_url!r}"
    injected = nbformat.from_dict(
        {
            "id": "injected-parameters",
            "cell_type": "code",
            "metadata": {"tags": ["injected-parameters"]},
            "execution_count": None,
            "source": source,
            "outputs": [],
        }
    )
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    notebook.cells.insert([("parameters" in tag) for tag in tags].index(True) + 1, injected)
    return notebook


def choose_extensions(page_config: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Load the extensions that show widgets, and nothing from other hosts."""
    extensions = [
        item for item in page_config["federated_extensions"] if item["name"] in EXTENSIONS
    ]
    return page_config | {"federated_extensions": extensions, "fullMathjaxUrl": ""}


class DashboardHandler(ErrorsAsPage, TornadoVoilaHandler):  # type: ignore[misc]  # untyped
    """One dashboard, in the theme that its address names."""

    def initialize(
        self, dashboards: AsyncFileContentsManager, kernels: DashboardKernels, **options: Any
    ) -> None:
        """Take notebooks and kernels from elsewhere than Voila would."""
        super().initialize(**options)
        self._dashboards = dashboards
        self._kernel = PageKernel(kernels)
        self.theme = "light"

    @property
    def contents_manager(self) -> AsyncFileContentsManager:
        """Where the notebooks are: in our own folder."""
        return self._dashboards

    @property
    def kernel_manager(self) -> PageKernel:  # type: ignore[override]
        """Where kernels come from; it knows all that Voila asks of a kernel manager."""
        return self._kernel

    @web.authenticated
    async def get(self, path: str | None = None) -> None:
        """Write the page as the notebook runs."""
        info = dashboard(path or "")
        if "voila_jinja2_env" not in self.settings:
            raise UnavailableError(
                "Dashboards need Voila, which is disabled in this Jupyter server. Run "
                "'jupyter server extension enable voila' and start the server again."
            )
        theme = chosen_theme(self)
        if theme is None:
            self.finish(self.render_page("choose_theme.html", title=info.title))
            return
        self.theme = theme
        async with self._kernel.kept(info.widgets):
            await TornadoVoilaHandler.get(self, f"{info.name}.ipynb")
