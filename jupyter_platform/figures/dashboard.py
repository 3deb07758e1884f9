"""A dashboard as a notebook lays it out: parts and plots that stay live by themselves."""

from __future__ import annotations

import gc
import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from bokeh.embed import json_item
from bokeh.model import Model
from bokeh.plotting import figure
from markupsafe import Markup

from jupyter_platform.client.transport import Transport
from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.hosts import HostRecord
from jupyter_platform.figures.hosts import host_item
from jupyter_platform.figures.parts import View, part
from jupyter_platform.figures.theme import bokeh_theme


class Fragment:
    """A piece of a page.

    Parameters
    ----------
    html : Markup
        Shown as the output of a notebook cell.
    """

    def __init__(self, html: Markup) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        return str(self.html)


class Dashboard:
    """What the notebooks of the dashboards are made of.

    Parameters
    ----------
    theme : str
        ``light`` or ``dark``.
    base_url : str
        Path below which the Jupyter server answers.
    transport : Transport, optional
        How the coordinator is asked; by default as `jupyter_platform.Platform` does.

    Raises
    ------
    InvalidRequestError
        If there is no such theme.
    """

    def __init__(
        self, theme: str = "light", base_url: str = "/", transport: Transport | None = None
    ) -> None:
        self._theme_name = theme
        self._theme = bokeh_theme(theme)
        self._base_url = f"/{base_url.strip('/')}/" if base_url.strip("/") else "/"
        self._transport = Transport() if transport is None else transport

    def header(self, title: str) -> Fragment:
        """Return the head of the page: its title, and the way to submit a job."""
        return Fragment(
            Markup(
                '<header class="jpd-header"><h1>{}</h1>'
                '<a class="jpd-button" href="{}lab?submit" target="_blank">Submit</a></header>'
            ).format(title, self._base_url)
        )

    def part(self, name: str) -> Fragment:
        """Return a text that refreshes itself; `jupyter_platform.figures.parts` has all of them.

        Where the coordinator does not answer, its reason is shown until it does.
        """
        wanted = part(name)
        try:
            answers = {key: self._get(path) for key, path in wanted.questions.items()}
            content = Markup(wanted.render(answers, View.at_present(self._base_url)))
        except PlatformError as error:
            content = Markup('<p class="jpd-warning">{}</p>').format(error.message)
        return Fragment(self._live(name, wanted.refresh_s, content))

    def hosts(self) -> Fragment:
        """Return all hosts, each with its facts, its last minutes and its last day."""
        name, wanted = "hosts", part("hosts")
        try:
            answers = {key: self._get(path) for key, path in wanted.questions.items()}
            hosts = [HostRecord.model_validate(item) for item in answers["hosts"]]
            facts = Markup(wanted.render(answers, View.at_present(self._base_url)))
        except PlatformError as error:
            hosts, facts = [], Markup('<p class="jpd-warning">{}</p>').format(error.message)
        cards = Markup("").join(
            self._host_card(host, f"h{number}") for number, host in enumerate(hosts)
        )
        # The facts are moved into the cards by the page, at once and at every refresh.
        return Fragment(cards + self._live(name, wanted.refresh_s, facts, moved=True))

    def plot(self, model: Model, label: str) -> Fragment:
        """Return a Bokeh plot.

        Parameters
        ----------
        model : Model
            A figure or a layout.
        label : str
            What it shows, for those who cannot see it.
        """
        return Fragment(_plot(json.dumps(json_item(model, theme=self._theme)), label))

    def _host_card(self, host: HostRecord, key: str) -> Markup:
        name = host.description.name
        data_root = f"{self._base_url}jupyter-platform/api/columns/hosts"
        live, day = (
            host_item(host, span, data_root=data_root, theme=self._theme_name, key=f"{key}{span}")
            for span in ("live", "day")
        )
        return Markup(
            '<section class="jpd-panel jpd-host-card" aria-label="{name}">'
            '<div data-slot="host {name}"></div>{live}'
            '<details data-keep="{name}"><summary>Last 24 hours</summary>{day}</details></section>'
        ).format(
            name=name,
            live=_plot(live, f"What {name} did in the last 10 minutes"),
            day=_plot(day, f"What {name} did in the last 24 hours"),
        )

    def _live(self, name: str, refresh_s: float, content: Markup, *, moved: bool = False) -> Markup:
        url = f"{self._base_url}jupyter-platform/dashboards/parts/{quote(name)}"
        return Markup('<div class="jpd-part" data-part="{}" data-refresh="{}"{}>{}</div>').format(
            url, round(refresh_s * 1000), Markup(" data-moved") if moved else "", content
        )

    def _get(self, path: str) -> Any:
        parts = urlsplit(path)
        return self._transport.get(parts.path, **dict(parse_qsl(parts.query)))


def warm_up() -> None:
    """Do what only the first dashboard of a process has to wait for, and ask nobody."""
    model = figure(height=100)
    model.line([0, 1], [0, 1])
    json_item(model, theme=bokeh_theme("light"))
    # What has been imported stays, so it need not be looked through between two pages.
    gc.collect()
    gc.freeze()


def _plot(item: str, label: str) -> Markup:
    """Return the place of a plot.

    Parameters
    ----------
    item : str
        JSON, as BokehJS embeds it.
    label : str
        What it shows, for those who cannot see it.
    """
    return Markup(
        '<div class="jpd-plot" role="img" aria-label="{}">'
        '<script type="application/json">{}</script></div>'
    ).format(label, Markup(item.replace("<", "\\u003c")))
