"""The inference API of a deployment as a form: its arguments, and what it answers."""

from __future__ import annotations

import tempfile
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets as widgets
import traitlets

from jupyter_platform.panels.background import Background
from jupyter_platform.panels.boxes import box
from jupyter_platform.panels.front import modules
from jupyter_platform.panels.front.hub import Hub
from jupyter_platform.panels.front.looks import styled
from jupyter_platform.panels.listing import said

if TYPE_CHECKING:
    from jupyter_platform.client import Platform
    from jupyter_platform.client.deployments import Deployment
    from jupyter_platform.core.deployments import DeploymentRecord
    from jupyter_platform.core.inference import ModelDescription, ServiceDescription
    from jupyter_platform.panels.deployments.arguments import ArgumentView

LOOK_S = 1.0
"""Seconds between two looks at a deployment that starts."""
STAND_IN = "https://jupyter.example.org/"
"""Address in snippets in whose place the page puts its own server's."""


class Snippets(anywidget.AnyWidget):
    """Code that calls an API, to copy."""

    _esm = modules.joined("elements", "snippets")
    _css = modules.style("snippets")

    snippets = traitlets.Dict({}).tag(sync=True)
    """Text by language."""
    stand_in = traitlets.Unicode(STAND_IN).tag(sync=True)


class Endpoint:
    """The form of an inference API.

    Parameters
    ----------
    deployment : Deployment or str
        The deployment, or its id or title.
    platform : Platform, optional
        Where it runs, where only its name is given; this machine's platform when absent.
    base_url : str
        Address of the Jupyter server's pages where no JupyterLab is around; ends with a slash.

    Notes
    -----
    It may be shown before the deployment answers: it says how far the start is, and becomes the
    form by itself.
    """

    def __init__(
        self,
        deployment: Deployment | str,
        platform: Platform | Hub | None = None,
        *,
        base_url: str = "",
    ) -> None:
        self._hub = platform if isinstance(platform, Hub) else Hub(platform)
        self._deployment = deployment
        self._base_url = base_url
        self._background = Background()
        self._views: list[ArgumentView] = []
        self._model: ModelDescription | None = None
        self._build()
        self._follow()

    @property
    def arguments(self) -> dict[str, ArgumentView]:
        """The arguments by name; empty until the API answers."""
        return {view.argument.name: view for view in self._views}

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def _build(self) -> None:
        self._head = widgets.HTML()
        self._message = widgets.HTML('<p role="status">Looking at the deployment…</p>')
        self._form = box(widgets.VBox, "arguments")
        self._accept = widgets.Dropdown(description="Answer as")
        self._call = widgets.Button(description="Predict", icon="play", button_style="primary")
        self._call.on_click(lambda _: self.predict())
        self._answer = widgets.HTML().add_class("jp-PlatformPanel-result")
        self._snippets = Snippets()
        asked = box(widgets.VBox, "asking", self._form, self._accept, self._call)
        self._body = box(widgets.HBox, "asked", asked, self._answer)
        code = widgets.Accordion((self._snippets,), titles=("Call it by code",))
        self._ready = box(widgets.VBox, "ready", self._body, code)
        self._ready.layout.display = "none"
        self.widget: widgets.VBox = styled(self._head, self._message, self._ready, name="endpoint")

    def _follow(self) -> None:
        self._background.run(self._look, self._draw, self._failed)

    def _look(self) -> tuple[DeploymentRecord, ServiceDescription | None]:
        from jupyter_platform.core.deployments import DeploymentState  # noqa: PLC0415 - slow
        from jupyter_platform.core.errors import UnavailableError  # noqa: PLC0415 - slow
        from jupyter_platform.core.inference import ServiceDescription  # noqa: PLC0415 - slow

        if isinstance(self._deployment, str):
            self._deployment = self._hub().deployment(self._deployment)
        record = self._deployment.refresh().record
        answering = any(end.service == "api" and end.alive for end in record.endpoints)
        if record.state != DeploymentState.RUNNING or not answering:
            return record, None
        try:
            told = self._deployment.call("api", "GET", "description")
        except UnavailableError:  # it answers, and loads its model
            return record, None
        return record, ServiceDescription.model_validate_json(told)

    def _draw(self, answer: tuple[DeploymentRecord, ServiceDescription | None]) -> None:
        record, described = answer
        if self._model is not None:
            return  # somebody may be filling it in
        self._head.value = f"<h2>{escape(record.title)}</h2>"
        if described is not None:
            self._show(described)
        elif record.state.has_ended:
            why = record.error.message if record.error is not None else f"It is {record.state}."
            log = (record.error.log_tail or "") if record.error is not None else ""
            shown = f'<pre tabindex="0">{escape(log)}</pre>' if log else ""
            self._message.value = f'<p role="alert">{escape(why)}</p>{shown}'
        else:
            self._message.value = _progress(record)
            self._background.later(LOOK_S, self._follow)

    def _show(self, described: ServiceDescription) -> None:
        from jupyter_platform.panels.deployments.arguments import (  # noqa: PLC0415 - slow
            ArgumentView,
        )

        callable_models = [model for model in described.models if model.predict.implemented]
        if not callable_models:
            self._message.value = "<p>This deployment offers no prediction.</p>"
            return
        self._model = callable_models[0]
        method = self._model.predict
        self._views = [ArgumentView(argument) for argument in method.arguments]
        self._form.children = tuple(view.widget for view in self._views)
        self._accept.options = method.accept
        self._accept.layout.display = None if len(method.accept) > 1 else "none"
        self._show_code({})
        self._message.value = ""
        self._ready.layout.display = None

    def _show_code(self, given: dict[str, Any]) -> None:
        from jupyter_platform.panels.deployments.snippets import (  # noqa: PLC0415 - slow
            model_snippets,
        )

        assert not isinstance(self._deployment, str)
        assert self._model is not None
        record = self._deployment.record
        self._snippets.snippets = model_snippets(record, self._model, given, STAND_IN)

    def predict(self) -> None:
        """Call the API with what is in the form."""
        try:
            given = {view.argument.name: view.value for view in self._views}
        except ValueError as error:
            self._refuse(error)
            return
        missing = [
            view.argument.name
            for view in self._views
            if view.argument.required and given[view.argument.name] is None
        ]
        if missing:
            self._refuse(ValueError(f"Give {', '.join(missing)} first."))
            return
        sent = {name: value for name, value in given.items() if value is not None}
        kind = str(self._accept.value or "application/json")
        self._show_code(sent)
        self._call.disabled = True  # until there is an answer: it has been heard
        self._answer.value = '<p role="status">Asking…</p>'
        self._background.run(partial(self._ask, sent, kind), self._answered, self._refuse)

    def _ask(self, given: dict[str, Any], kind: str) -> str:
        from jupyter_platform.panels.deployments.answers import answer_html  # noqa: PLC0415 - slow
        from jupyter_platform.panels.deployments.arguments import kept  # noqa: PLC0415 - slow

        assert not isinstance(self._deployment, str)
        assert self._model is not None
        more = {"accept": kind} if self._model.predict.accept else {}
        with tempfile.TemporaryDirectory() as folder:
            sent = kept(Path(folder), given)
            return answer_html(self._deployment.predict(**sent, **more), kind)

    def _answered(self, shown: str) -> None:
        self._call.disabled = False
        self._answer.value = shown

    def _refuse(self, error: BaseException) -> None:
        self._call.disabled = False
        text = str(error) if isinstance(error, ValueError) else said(error)
        self._answer.value = f'<p role="alert">{escape(text)}</p>'

    def _failed(self, error: BaseException) -> None:
        self._message.value = f'<p role="alert">{escape(said(error))}</p>'


def _progress(record: DeploymentRecord) -> str:
    """Return how far the start of a deployment is, as HTML."""
    words = record.phase.text or record.phase.name if record.phase else record.reason or ""
    if any(end.service == "api" and end.alive for end in record.endpoints):
        words = "The model is being loaded."
    fraction = record.phase.fraction if record.phase else None
    value = "" if fraction is None else f' value="{fraction}"'
    return (
        f'<p role="status">{escape(str(record.state))}: {escape(words)}</p>'
        f'<progress max="1"{value} aria-label="Progress of the start"></progress>'
    )
