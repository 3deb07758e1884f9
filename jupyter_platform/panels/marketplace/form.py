"""The form that configures a deployment of an item, step by step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_platform.panels.background import Background, Latest
from jupyter_platform.panels.boxes import box
from jupyter_platform.panels.front.hub import Hub
from jupyter_platform.panels.front.looks import styled
from jupyter_platform.panels.listing import said
from jupyter_platform.panels.marketplace.fields import FieldView

if TYPE_CHECKING:
    from jupyter_platform.client import Platform
    from jupyter_platform.client.deployments import Deployment
    from jupyter_platform.core.deployments import ConfigurationDocument, DeploymentCheck

PURPOSES = {"infer": "Infer", "retrain": "Retrain", "develop": "Develop"}
PURPOSE_STEP = "purpose"


class DeploymentForm:
    """Purpose, then each group of the item's configuration document; every change is checked.

    Parameters
    ----------
    item : str
        Name of the item.
    platform : Platform, optional
        Where the item is; this machine's platform, started on demand, when absent.
    purpose : str, optional
        ``infer``, ``retrain`` or ``develop``: chosen from the start.
    values : dict, optional
        Fields of the configuration document to values to begin with; ``network`` and ``tag`` name
        what is served.
    submitted, cancelled : callable, optional
        Called with the new deployment, and when somebody gives up.
    """

    def __init__(
        self,
        item: str,
        platform: Platform | Hub | None = None,
        *,
        purpose: str | None = None,
        values: dict[str, Any] | None = None,
        submitted: Callable[[Deployment], None] | None = None,
        cancelled: Callable[[], None] | None = None,
    ) -> None:
        self.item = item
        self._hub = platform if isinstance(platform, Hub) else Hub(platform)
        given = dict(values or {})
        self._served: dict[str, Any] = {
            key: given.pop(key) for key in ("network", "tag") if key in given
        }
        self._kept = given
        """Values that were chosen, by field; they stay while the purpose changes."""
        self._submitted, self._cancelled = submitted, cancelled
        self._background = Background()
        self._checks = Latest(self._background, self._checked, self._failed)
        self._document: ConfigurationDocument | None = None
        self._fields: dict[str, FieldView] = {}
        self._steps: dict[str, list[str]] = {PURPOSE_STEP: []}
        self._step = PURPOSE_STEP
        self._step_buttons: dict[str, widgets.Button] = {}
        self._wrong: set[str] = set()
        """Fields whose values are refused."""
        self._general: list[str] = []
        """What is wrong otherwise, a sentence each."""
        self._build()
        self._read(purpose or "infer", skips=purpose is not None)

    @property
    def values(self) -> dict[str, Any]:
        """The values that differ from the defaults, by field."""
        return {key: view.value for key, view in self._fields.items() if self._differs(key, view)}

    @property
    def step(self) -> str:
        """The step that is shown: ``purpose``, or a group of the document."""
        return self._step

    def go(self, step: str) -> None:
        """Show a step."""
        self._step = step
        self._draw()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def _build(self) -> None:
        self._head = widgets.HTML(f"<h2>Deploy {escape(self.item)}</h2>")
        self._bar = box(widgets.HBox, "steps")
        self._purpose = widgets.ToggleButtons(options=[(PURPOSES["infer"], "infer")])
        self._purpose.observe(lambda change: self._read(change["new"]), names="value")
        self._meaning = widgets.HTML()
        self._purposes = box(
            widgets.VBox,
            "purposes",
            widgets.HTML("<h3>What for?</h3>"),
            self._purpose,
            self._meaning,
        )
        self._body = box(widgets.VBox, "stepBody")
        self._outlook = widgets.HTML("<p role='status'>Reading what can be configured…</p>")
        self._help = widgets.ToggleButton(
            description="Show help", tooltip="What every field means and accepts"
        )
        self._help.observe(lambda _: self._show_help(), names="value")
        self._back = self._button("Back", lambda: self._move(-1))
        self._next = self._button("Next", lambda: self._move(1))
        self._submit = self._button("Submit", self._send, button_style="primary", disabled=True)
        self._cancel = self._button("Cancel", lambda: self._cancelled and self._cancelled())
        self._cancel.layout.display = None if self._cancelled else "none"
        buttons = (self._back, self._next, self._submit, self._help, self._cancel)
        self.widget: widgets.VBox = styled(
            box(widgets.HBox, "formHead", self._head),
            self._bar,
            self._body,
            self._outlook,
            box(widgets.HBox, "actions", *buttons),
            name="form",
        )

    def _button(self, text: str, act: Callable[[], Any], **options: Any) -> widgets.Button:
        button = widgets.Button(description=text, **options)
        button.on_click(lambda _: act())
        return button

    def _read(self, purpose: str, *, skips: bool = False) -> None:
        self._keep()
        work = partial(self._ask_document, purpose)
        self._background.run(work, partial(self._show, skips=skips), self._failed)

    def _ask_document(self, purpose: str) -> ConfigurationDocument:
        return self._hub().configuration(self.item, purpose)  # type: ignore[arg-type]

    def _keep(self) -> None:
        self._kept.update(self.values)

    def _differs(self, key: str, view: FieldView) -> bool:
        return bool(view.value != view.field.value) or key in self._kept

    def _show(self, document: ConfigurationDocument, *, skips: bool) -> None:
        self._document = document
        self._steps = {PURPOSE_STEP: []}
        self._fields = {}
        for group, fields in document.groups.items():
            self._steps[group] = list(fields)
            for key, field in fields.items():
                value = self._kept.get(key, field.value)
                self._fields[key] = FieldView(field, value, self._changed)
        options = [(PURPOSES[purpose], purpose) for purpose in document.purposes]
        if tuple(self._purpose.options) != tuple(options):
            with self._purpose.hold_trait_notifications():
                self._purpose.options = options
                self._purpose.value = document.purpose
        self._meaning.value = f"<p>{escape(document.purposes[document.purpose])}</p>"
        if skips or self._step not in self._steps:
            self._step = next(iter(document.groups), PURPOSE_STEP)
        self._show_help()
        self._changed()

    def _changed(self) -> None:
        """Check what is chosen; until there is an answer nothing can be submitted."""
        self._submit.disabled = True
        self._draw()
        self._checks.ask(partial(self._ask_check, self._arguments()))

    def _arguments(self) -> dict[str, Any]:
        return {"purpose": self._purpose.value, **self._served, **self.values}

    def _ask_check(self, arguments: dict[str, Any]) -> tuple[dict[str, Any], DeploymentCheck]:
        return arguments, self._hub().check_deployment(self.item, **arguments)

    def _checked(self, answer: tuple[dict[str, Any], DeploymentCheck]) -> None:
        arguments, check = answer
        if arguments != self._arguments():
            return  # a newer question is under way
        self._refuse({error.field: error.message for error in check.refusals})
        sentences = [check.outlook, check.alternative or "", *check.warnings]
        self._tell(*sentences)
        self._submit.disabled = bool(check.refusals)
        self._draw()

    def _refuse(self, refusals: dict[str, str]) -> None:
        """Show what is wrong at the fields that are to blame."""
        named = {name.rpartition(".")[2]: message for name, message in refusals.items()}
        self._wrong = set(named) & set(self._fields)
        for key, view in self._fields.items():
            view.say(named.get(key, ""))
        others = [message for name, message in named.items() if name not in self._wrong]
        self._general = others

    def _tell(self, *sentences: str) -> None:
        wrong = "".join(f'<p role="alert">{escape(text)}</p>' for text in self._general)
        shown = "".join(f"<p>{escape(text)}</p>" for text in sentences if text)
        self._outlook.value = f"{wrong}<div role='status'>{shown}</div>"

    def _failed(self, error: BaseException) -> None:
        self._general = [said(error)]
        self._tell()

    def _draw(self) -> None:
        self._bar.children = tuple(self._step_button(step) for step in self._steps)
        for view in self._fields.values():
            view.offer(offered=self._is_meant(view))
        if self._step == PURPOSE_STEP:
            shown: tuple[Any, ...] = (self._purposes,)
        else:
            shown = tuple(self._fields[key].widget for key in self._steps[self._step])
        if self._body.children != shown:
            self._body.children = shown
        at = list(self._steps).index(self._step)
        self._back.disabled = at == 0
        self._next.disabled = at == len(self._steps) - 1
        last = at == len(self._steps) - 1
        self._submit.description = "Submit" if last else "Quick submit"
        self._submit.tooltip = "" if last else "Deploy now, with the defaults of the other steps"

    def _step_button(self, step: str) -> widgets.Button:
        button = self._step_buttons.get(step)
        if button is None:
            button = self._button("", partial(self.go, step))
            self._step_buttons[step] = button
        at = list(self._steps).index(step) + 1
        is_wrong = any(key in self._wrong for key in self._steps[step])
        button.description = f"{at} {step.capitalize()}{' ▲' if is_wrong else ''}"
        button.tooltip = "Something in this step is refused" if is_wrong else ""
        change = button.add_class if step == self._step else button.remove_class
        change("jp-mod-selected")
        return button

    def _is_meant(self, view: FieldView) -> bool:
        """Return whether a field means something beside the values of the others."""
        conditions = view.field.depends_on or {}
        return all(
            self._fields[key].value in values
            for key, values in conditions.items()
            if key in self._fields
        )

    def _move(self, by: int) -> None:
        steps = list(self._steps)
        self.go(steps[steps.index(self._step) + by])

    def _show_help(self) -> None:
        self._help.description = "Hide help" if self._help.value else "Show help"
        for view in self._fields.values():
            view.show_help(shown=self._help.value)

    def _send(self) -> None:
        self._submit.disabled = True  # until there is an answer: it has been heard
        work = partial(self._deploy, self._arguments())
        self._background.run(work, self._sent, self._refused)

    def _deploy(self, arguments: dict[str, Any]) -> Deployment:
        return self._hub().deploy(self.item, **arguments)

    def _sent(self, deployment: Deployment) -> None:
        record = deployment.record
        self._tell(f"“{record.title}” is {record.state}.")
        if self._submitted:
            self._submitted(deployment)

    def _refused(self, error: BaseException) -> None:
        fields = getattr(error, "errors", ())
        self._refuse({one.field: one.message for one in fields})
        if not self._wrong:
            self._general = [said(error)]
        self._tell()
        self._submit.disabled = bool(self._wrong)
        self._draw()
